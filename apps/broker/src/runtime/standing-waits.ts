import type { HostedReplica } from './hosted-replica.ts';
import type { Purgatory, Waiter } from './purgatory.ts';

/**
 * Fetches of sessions that wait for news of any of their partitions, however many those are: a wait costs the same for one as for ten
 * thousand. There is one for each follower and lane, so that asking all of them at a wake is cheap.
 */
export class StandingWaits {
  readonly #purgatory: Purgatory<HostedReplica>;
  readonly #waiting = new Map<StandingWait, (replica: HostedReplica) => boolean>();

  constructor(purgatory: Purgatory<HostedReplica>) {
    this.#purgatory = purgatory;
  }

  /** Resolves when `isNews` says so of a replica that changed, at the deadline (monotonic), or when the signal aborts. */
  async wait(isNews: (replica: HostedReplica) => boolean, deadlineMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const wait = new StandingWait(resolve);
    const gone = (): void => this.#purgatory.finish(wait);
    signal.addEventListener('abort', gone);
    this.#waiting.set(wait, isNews);
    this.#purgatory.park(wait, deadlineMs);
    await promise;
    this.#waiting.delete(wait);
    signal.removeEventListener('abort', gone);
  }

  /** Something happened to a replica. */
  wake(replica: HostedReplica): void {
    for (const [wait, isNews] of this.#waiting) if (isNews(replica)) this.#purgatory.finish(wait);
  }
}

/** The purgatory keeps its deadline only. */
class StandingWait implements Waiter<HostedReplica> {
  readonly keys = [];
  readonly finish: () => void;

  constructor(finish: () => void) {
    this.finish = finish;
  }

  isDoneAfter(): boolean {
    return false;
  }
}
