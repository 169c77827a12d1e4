import type { FetchedPartition } from './fetch-request.ts';

/** What a fetch asks for in its session, beyond what the broker knows already. */
export interface SessionRequest {
  readonly sessionId: number;
  /** 0: everything is named, and the broker may begin a session; then it counts up. */
  readonly sessionEpoch: number;
  readonly named: readonly FetchedPartition[];
  readonly forgotten: readonly FetchedPartition[];
}

const EPOCH_MAX = 2 ** 31 - 1;

/**
 * The fetches of one consumer at one broker (KIP-227): the broker remembers what was asked for, and is told only what has changed since;
 * it answers only what has something new.
 */
export class FetchSession {
  #id = 0;
  #epoch = 0;
  /** What the broker will know once this request was answered. */
  #known = new Map<string, FetchedPartition>();

  /** What the broker calls it; 0 while there is none. */
  get id(): number {
    return this.#id;
  }

  /** The request for these partitions. Every one is followed by `answered` or `reset`. */
  next(asked: readonly FetchedPartition[]): SessionRequest {
    const before = this.#known;
    this.#known = new Map(asked.map((one) => [keyOf(one), one]));
    if (this.#epoch === 0) return { sessionId: this.#id, sessionEpoch: 0, named: asked, forgotten: [] };
    const named = asked.filter((one) => hasChanged(one, before.get(keyOf(one))));
    const forgotten = [...before].filter(([key]) => !this.#known.has(key)).map(([, one]) => one);
    return { sessionId: this.#id, sessionEpoch: this.#epoch, named, forgotten };
  }

  /** The broker has answered with this session id: 0 where it has no room for a session. */
  answered(sessionId: number): void {
    this.#id = sessionId;
    if (sessionId === 0) this.#epoch = 0;
    else this.#epoch = this.#epoch === EPOCH_MAX ? 1 : this.#epoch + 1;
  }

  /** What the broker knows is not certain: the next request names everything. */
  reset(): void {
    this.#epoch = 0;
  }
}

function hasChanged(now: FetchedPartition, before: FetchedPartition | undefined): boolean {
  return before?.fetchOffset !== now.fetchOffset || before.view.leaderEpoch !== now.view.leaderEpoch;
}

/** A topic that was made anew is another. */
function keyOf({ state, topicId }: FetchedPartition): string {
  return `${topicId} ${state.topic} ${state.partition}`;
}
