import type { EpochStart } from './checkpoint.ts';

/** Where a leader epoch ends, as OffsetForLeaderEpoch answers; both -1 where nothing is known of it. */
export interface EpochEndOffset {
  readonly leaderEpoch: number;
  readonly endOffset: number;
}

const UNKNOWN: EpochEndOffset = { leaderEpoch: -1, endOffset: -1 };

/** Which offsets were written under which leader epoch (KIP-101): each epoch's start offset, both ascending. */
export class LeaderEpochCache {
  #entries: EpochStart[];
  #revision = 0;

  constructor(entries: readonly EpochStart[] = []) {
    this.#entries = [...entries];
  }

  get entries(): readonly EpochStart[] {
    return this.#entries;
  }

  /** Counts changes, so that the owner knows when the file is behind. */
  get revision(): number {
    return this.#revision;
  }

  /** -1 where there is none. */
  get latestEpoch(): number {
    return this.#entries.at(-1)?.leaderEpoch ?? -1;
  }

  /** Notes that `leaderEpoch` starts at `startOffset`. Entries that contradict it (of later epochs or later starts) are dropped. */
  assign(leaderEpoch: number, startOffset: number): void {
    if (leaderEpoch < 0) return;
    const last = this.#entries.at(-1);
    if (last !== undefined && last.leaderEpoch === leaderEpoch && last.startOffset <= startOffset) return;
    while (this.#contradicts(leaderEpoch, startOffset)) this.#entries.pop();
    this.#entries.push({ leaderEpoch, startOffset });
    this.#revision += 1;
  }

  /**
   * The end of the greatest known epoch at or below `leaderEpoch`. For the latest epoch that is the log's end; for an epoch older than
   * all known ones it is the start of the first known; for a newer one nothing is known.
   */
  endOffsetFor(leaderEpoch: number, logEndOffset: number): EpochEndOffset {
    if (leaderEpoch < 0) return UNKNOWN;
    const next = this.#entries.findIndex((entry) => entry.leaderEpoch > leaderEpoch);
    if (next < 0) return leaderEpoch === this.latestEpoch ? { leaderEpoch, endOffset: logEndOffset } : UNKNOWN;
    const following = this.#entries[next] as EpochStart;
    const floor = this.#entries[next - 1];
    return { leaderEpoch: floor?.leaderEpoch ?? leaderEpoch, endOffset: following.startOffset };
  }

  /** The epoch that `offset` was written under, -1 where unknown. */
  epochForOffset(offset: number): number {
    return this.#entries.findLast((entry) => entry.startOffset <= offset)?.leaderEpoch ?? -1;
  }

  /** Forgets the epochs that start at `endOffset` or later. */
  truncateFromEnd(endOffset: number): void {
    this.#replace(this.#entries.filter((entry) => entry.startOffset < endOffset));
  }

  /** Forgets the epochs that ended before `startOffset`; the one it lies in starts there from now on. */
  truncateFromStart(startOffset: number): void {
    const floor = this.#entries.findLast((entry) => entry.startOffset <= startOffset);
    if (floor === undefined || floor.startOffset === startOffset) {
      this.#replace(this.#entries.filter((entry) => entry.startOffset >= startOffset));
      return;
    }
    const later = this.#entries.filter((entry) => entry.startOffset > startOffset);
    this.#replace([{ leaderEpoch: floor.leaderEpoch, startOffset }, ...later]);
  }

  clear(): void {
    this.#replace([]);
  }

  #contradicts(leaderEpoch: number, startOffset: number): boolean {
    const last = this.#entries.at(-1);
    return last !== undefined && (last.leaderEpoch >= leaderEpoch || last.startOffset >= startOffset);
  }

  #replace(entries: EpochStart[]): void {
    const isSame = entries.length === this.#entries.length && entries[0]?.startOffset === this.#entries[0]?.startOffset;
    if (isSame) return;
    this.#entries = entries;
    this.#revision += 1;
  }
}
