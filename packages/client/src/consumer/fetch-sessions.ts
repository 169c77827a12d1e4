import { Fetch } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { sleep } from '../sleep.ts';
import { FetchSession } from './fetch-session.ts';

const SESSIONS_SINCE = 7;
/** Ends a session (KIP-227). */
const FINAL_EPOCH = -1;
const TOLD_WITHIN_MS = 500;

/** The fetch sessions of one consumer, one at each broker that has them. */
export class FetchSessions {
  readonly #sessions = new Map<number, FetchSession>();

  /** Undefined where fetches of this version have none. */
  at(nodeId: number, version: number): FetchSession | undefined {
    if (version < SESSIONS_SINCE) return undefined;
    let session = this.#sessions.get(nodeId);
    if (session === undefined) {
      session = new FetchSession();
      this.#sessions.set(nodeId, session);
    }
    return session;
  }

  /** What the broker knows is not certain. */
  reset(nodeId: number): void {
    this.#sessions.get(nodeId)?.reset();
  }

  /**
   * Tells brokers that nobody comes back, so that the places in their cache are free for others. Settles when they were told, or soon: what
   * cannot be told is no great loss, since they forget a session that nobody uses.
   */
  async close(cluster: Cluster): Promise<void> {
    const open = [...this.#sessions].filter(([, { id }]) => id !== 0);
    this.#sessions.clear();
    if (open.length === 0) return;
    const told = new AbortController();
    void Promise.allSettled(
      open.map(([nodeId, { id: sessionId }]) =>
        cluster.callBroker(
          nodeId,
          Fetch,
          { maxWaitMs: 0, minBytes: 0, sessionId, sessionEpoch: FINAL_EPOCH, topics: [], forgottenTopicsData: [] },
          { atLeast: SESSIONS_SINCE },
        ),
      ),
    ).then(() => told.abort());
    await sleep(cluster.options.clock, TOLD_WITHIN_MS, told.signal, cluster.closing).catch(() => undefined);
  }
}
