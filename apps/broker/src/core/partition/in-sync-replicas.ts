import {
  Followers,
  type FetcherVerdict,
  type FollowerFetch,
  type FollowerState,
  type LiveBrokers,
} from './followers.ts';
import type { IsrChangeOutcome, PartitionAssignment } from './partition-events.ts';

/** What a leader compares its followers with. */
export interface LeaderView {
  /** Exclusive end of what the leader vouches for. */
  readonly endOffset: number;
  readonly highWatermark: number;
  readonly leaderEpochStartOffset: number;
}

const NOBODY: LiveBrokers = new Map();

/** A leader's followers and its ISR: who counts, who leaves, who joins. */
export class InSyncReplicas {
  readonly #brokerId: number;
  readonly #lagTimeMaxMs: number;
  readonly #followers = new Followers();
  #live = NOBODY;
  #isr: readonly number[] = [];
  #isAlone = true;
  #partitionEpoch = -1;
  /** The ISR that is being written; it counts beside the committed one until the image tells which of them holds (KIP-497). */
  #pending: readonly number[] | undefined;
  /** The last write failed for certain: no other before the next tick or the next record. */
  #isBlocked = false;
  #nowMs = 0;

  constructor(brokerId: number, lagTimeMaxMs: number) {
    this.#brokerId = brokerId;
    this.#lagTimeMaxMs = lagTimeMaxMs;
  }

  /** Takes over a record under which this broker leads. */
  lead({ isr, replicas, partitionEpoch }: PartitionAssignment, isNewEpoch: boolean, nowMs: number): void {
    // Whatever was being written: the record it was made from is no more, so it is in this one or will never be.
    if (isNewEpoch || partitionEpoch > this.#partitionEpoch) this.#pending = undefined;
    this.#isr = isr;
    this.#isAlone = replicas.length === 1;
    this.#partitionEpoch = partitionEpoch;
    this.#isBlocked = false;
    this.#nowMs = Math.max(this.#nowMs, nowMs);
    const followerIds = replicas.filter((id) => id !== this.#brokerId);
    if (isNewEpoch) this.#followers.clear();
    this.#followers.assign(followerIds, isr, this.#nowMs);
  }

  /** Another broker leads. */
  resign(): void {
    this.#pending = undefined;
    this.#isr = [];
    this.#followers.clear();
  }

  brokersChanged(live: LiveBrokers): void {
    this.#live = live;
    this.#followers.brokersChanged(live);
  }

  /** Whether a broker may fetch as a replica: asked before its position is looked at. */
  judge(brokerId: number, brokerEpoch: number): FetcherVerdict {
    return this.#followers.judge(brokerId, brokerEpoch, this.#live);
  }

  follower(brokerId: number): FollowerState | undefined {
    return this.#followers.get(brokerId);
  }

  fetched(fetch: FollowerFetch, leaderEndOffset: number): void {
    this.#nowMs = Math.max(this.#nowMs, fetch.nowMs);
    this.#followers.fetched(fetch, leaderEndOffset);
  }

  /** Time has passed; a write that failed may be tried again. */
  tick(nowMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, nowMs);
    this.#isBlocked = false;
  }

  /** The ISR with `brokerId`, to be written; undefined where it may not join (now). */
  isrWith(brokerId: number, view: LeaderView): readonly number[] | undefined {
    return this.#mayJoin(brokerId, view) ? [...this.#isr, brokerId] : undefined;
  }

  /** The ISR without those that lag and with those that have caught up, to be written; undefined where it may stay. */
  isrNow(view: LeaderView): readonly number[] | undefined {
    const stays = this.#isr.filter((id) => id === this.#brokerId || this.#isCaughtUp(id, view.endOffset));
    const joins = [...this.#followers.ids()].filter(
      (id) => this.#mayJoin(id, view) && this.#isCaughtUp(id, view.endOffset),
    );
    const isSame = stays.length === this.#isr.length && joins.length === 0;
    return isSame || !this.#mayWrite ? undefined : [...stays, ...joins];
  }

  /** `isr` is being written. */
  begin(isr: readonly number[]): void {
    this.#pending = isr;
  }

  /** What became of the write made from the record with `partitionEpoch`. */
  ended(partitionEpoch: number, outcome: IsrChangeOutcome): void {
    // Written, or perhaps: both ISRs count until the image shows the newer record.
    if (this.#partitionEpoch !== partitionEpoch || outcome !== 'conflict') return;
    this.#pending = undefined;
    this.#isBlocked = true;
  }

  /**
   * Whose copies count: the maximal ISR, committed and pending. And whoever has just caught up: the watermark waits for it a little,
   * for it could never reach one that always runs ahead.
   */
  counted(leaderEndOffset: number): Iterable<number> {
    if (this.#isAlone) return this.#isr;
    const counted = new Set([...this.#isr, ...(this.#pending ?? [])]);
    for (const id of this.#followers.ids()) {
      const isKnown = this.#followers.get(id)?.endOffset !== undefined;
      if (isKnown && this.#isEligible(id) && this.#isCaughtUp(id, leaderEndOffset)) counted.add(id);
    }
    return counted;
  }

  get #mayWrite(): boolean {
    return this.#pending === undefined && !this.#isBlocked;
  }

  /** It has reached the watermark and the start of this epoch, and is the incarnation that the image knows, alive and to stay. */
  #mayJoin(id: number, view: LeaderView): boolean {
    if (!this.#mayWrite || this.#isr.includes(id) || !this.#isEligible(id)) return false;
    const endOffset = this.#followers.get(id)?.endOffset;
    if (endOffset === undefined) return false;
    return endOffset >= view.highWatermark && endOffset >= view.leaderEpochStartOffset;
  }

  #isEligible(id: number): boolean {
    const epoch = this.#live.get(id);
    return epoch !== undefined && epoch === this.#followers.get(id)?.brokerEpoch;
  }

  #isCaughtUp(id: number, leaderEndOffset: number): boolean {
    return this.#followers.isCaughtUp(id, leaderEndOffset, this.#nowMs, this.#lagTimeMaxMs);
  }
}
