import { FINAL_EPOCH, INITIAL_EPOCH, nextEpoch } from './session.ts';

/** Where a follower stands in one partition. */
export interface FollowerPosition {
  readonly topic: string;
  readonly topicId: string;
  readonly partitionIndex: number;
  /** Tells it from others, as by `keyOf`. */
  readonly key: string;
  readonly currentLeaderEpoch: number;
  readonly fetchOffset: number;
  readonly lastFetchedEpoch: number;
  readonly logStartOffset: number;
  readonly highWatermark: number;
  readonly partitionMaxBytes: number;
}

/** What the next request of a session says. */
export interface SessionStep {
  readonly sessionId: number;
  readonly sessionEpoch: number;
  /** Those that the leader does not know, or knows elsewhere. */
  readonly positions: readonly FollowerPosition[];
  readonly forgotten: readonly FollowerPosition[];
}

/** The asking side of an incremental fetch session (KIP-227): says only what changed since the last request that was answered. */
export class FollowerSession {
  #sessionId = 0;
  #epoch = INITIAL_EPOCH;
  /** What the leader knows, by topic id and partition. */
  readonly #told = new Map<string, FollowerPosition>();

  /** The request that reads all of `positions` and nothing else. `answered` or `reset` must follow. */
  next(positions: readonly FollowerPosition[]): SessionStep {
    const sessionId = this.#sessionId;
    const sessionEpoch = this.#epoch;
    if (sessionId === 0) this.#told.clear();
    const changed: FollowerPosition[] = [];
    for (const position of positions) {
      const told = this.#told.get(position.key);
      if (told !== undefined && (told === position || isSame(position, told))) continue;
      this.#told.set(position.key, position);
      changed.push(position);
    }
    return { sessionId, sessionEpoch, positions: changed, forgotten: this.#forgetAllBut(positions) };
  }

  #forgetAllBut(positions: readonly FollowerPosition[]): readonly FollowerPosition[] {
    // All of them are known by now: where nothing else is, nothing is to be forgotten.
    if (this.#told.size === positions.length) return [];
    const asked = new Set(positions.map(({ key }) => key));
    const forgotten = [...this.#told.values()].filter(({ key }) => !asked.has(key));
    for (const { key } of forgotten) this.#told.delete(key);
    return forgotten;
  }

  /** What the leader was last asked of a partition in this session. */
  askedFor(key: string): FollowerPosition | undefined {
    return this.#told.get(key);
  }

  /** The leader has answered without an error of the session: 0 where it keeps none. */
  answered(sessionId: number): void {
    if (sessionId === 0) this.reset();
    else {
      this.#sessionId = sessionId;
      this.#epoch = nextEpoch(this.#epoch);
    }
  }

  /** What the leader knows is not known: the next request begins anew. */
  reset(): void {
    this.#sessionId = 0;
    this.#epoch = INITIAL_EPOCH;
    this.#told.clear();
  }

  /** What ends the session at the leader; undefined where there is none. */
  end(): SessionStep | undefined {
    if (this.#sessionId === 0) return undefined;
    return { sessionId: this.#sessionId, sessionEpoch: FINAL_EPOCH, positions: [], forgotten: [] };
  }
}

/** Tells partitions apart. */
export function keyOf({
  topicId,
  partitionIndex,
}: {
  readonly topicId: string;
  readonly partitionIndex: number;
}): string {
  return `${topicId}/${partitionIndex}`;
}

function isSame(a: FollowerPosition, b: FollowerPosition): boolean {
  return (
    a.fetchOffset === b.fetchOffset &&
    a.currentLeaderEpoch === b.currentLeaderEpoch &&
    a.lastFetchedEpoch === b.lastFetchedEpoch &&
    a.logStartOffset === b.logStartOffset &&
    a.highWatermark === b.highWatermark &&
    a.partitionMaxBytes === b.partitionMaxBytes
  );
}
