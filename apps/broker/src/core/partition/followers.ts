/** What a follower said with a fetch. */
export interface FollowerFetch {
  readonly brokerId: number;
  /** The incarnation that fetches (KIP-903). */
  readonly brokerEpoch: number;
  /** Exclusive end of what the follower has. */
  readonly fetchOffset: number;
  readonly logStartOffset: number;
  readonly nowMs: number;
}

/** What the leader knows of one follower, of one incarnation of it. */
export interface FollowerState {
  /** -1: none has fetched in this leader epoch. */
  readonly brokerEpoch: number;
  /** Undefined until this incarnation has fetched. */
  readonly endOffset: number | undefined;
  readonly logStartOffset: number;
  /** The last time at which it had everything the leader had; -Infinity: never in this epoch. */
  readonly caughtUpMs: number;
  readonly lastFetchMs: number;
  /** Where the leader's log ended at its last fetch. */
  readonly leaderEndOffset: number;
}

/** Living brokers that are not about to stop, with their epochs. */
export type LiveBrokers = ReadonlyMap<number, number>;

/** Whether a broker may fetch as a replica of a partition. `stale`: an incarnation that is gone; its fetch must move nothing. */
export type FetcherVerdict = 'replica' | 'not-a-replica' | 'stale';

/** The followers of one partition, as its leader knows them: by broker id and broker epoch. */
export class Followers {
  readonly #states = new Map<number, FollowerState>();

  /** Who follows now. A new follower that is in the ISR gets the whole lag time to show up. */
  assign(followerIds: readonly number[], isr: readonly number[], nowMs: number): void {
    for (const id of this.#states.keys()) if (!followerIds.includes(id)) this.#states.delete(id);
    for (const id of followerIds) {
      if (!this.#states.has(id)) this.#states.set(id, unknown(isr.includes(id) ? nowMs : Number.NEGATIVE_INFINITY));
    }
  }

  clear(): void {
    this.#states.clear();
  }

  /** Brokers were born or died: what is known of an earlier incarnation is forgotten, but for how long it was in sync. */
  brokersChanged(live: LiveBrokers): void {
    for (const [id, state] of this.#states) {
      const epoch = live.get(id);
      if (epoch === undefined || state.brokerEpoch < 0 || epoch <= state.brokerEpoch) continue;
      this.#states.set(id, { ...unknown(state.caughtUpMs), brokerEpoch: epoch });
    }
  }

  judge(brokerId: number, brokerEpoch: number, live: LiveBrokers): FetcherVerdict {
    const state = this.#states.get(brokerId);
    if (state === undefined) return 'not-a-replica';
    return brokerEpoch < Math.max(0, state.brokerEpoch, live.get(brokerId) ?? 0) ? 'stale' : 'replica';
  }

  /** Takes up a fetch that `judge` has let pass and that does not diverge. */
  fetched(fetch: FollowerFetch, leaderEndOffset: number): void {
    const { brokerId, brokerEpoch, fetchOffset, logStartOffset, nowMs } = fetch;
    const before = this.#states.get(brokerId);
    if (before === undefined) return;
    let { caughtUpMs } = before;
    if (fetchOffset >= leaderEndOffset) caughtUpMs = Math.max(caughtUpMs, nowMs);
    // It has by now what there was at its last fetch: then it had caught up with that time.
    else if (before.endOffset !== undefined && fetchOffset >= before.leaderEndOffset) {
      caughtUpMs = Math.max(caughtUpMs, before.lastFetchMs);
    }
    const state = { brokerEpoch, endOffset: fetchOffset, logStartOffset, caughtUpMs };
    this.#states.set(brokerId, { ...state, lastFetchMs: nowMs, leaderEndOffset });
  }

  get(brokerId: number): FollowerState | undefined {
    return this.#states.get(brokerId);
  }

  ids(): Iterable<number> {
    return this.#states.keys();
  }

  /** Whether it has everything, or had so at most `lagTimeMaxMs` ago. */
  isCaughtUp(brokerId: number, leaderEndOffset: number, nowMs: number, lagTimeMaxMs: number): boolean {
    const state = this.#states.get(brokerId);
    if (state === undefined) return false;
    return state.endOffset === leaderEndOffset || nowMs - state.caughtUpMs <= lagTimeMaxMs;
  }
}

function unknown(caughtUpMs: number): FollowerState {
  const nothing = { brokerEpoch: -1, endOffset: undefined, logStartOffset: -1, lastFetchMs: 0, leaderEndOffset: 0 };
  return { ...nothing, caughtUpMs };
}
