import type { Clock } from '../ports/clock.ts';
import {
  type CommitResult,
  type MetadataStore,
  MetadataStoreError,
  type StoredEntry,
  type StoreLease,
  type StoreRevision,
  type StoreTransaction,
  TRANSACTION_LENGTH_MAX,
} from '../ports/metadata-store.ts';
import type { Random } from '../ports/random.ts';
import type { SimStoreServer } from './sim-store-server.ts';

/** What goes wrong between a client and the store. Chances are out of 1,000. */
export interface SimStoreFaults {
  /** Longest way of a request and of an answer, each; 0: at the next turn. */
  readonly delayMsMax: number;
  /** A commit is answered `conflict` although its conditions hold. */
  readonly conflictChance: number;
  /** A commit's request or its answer is lost: `unknown`. */
  readonly lostAnswerChance: number;
  /** A watch breaks off (`unavailable`) instead of giving its next revisions. */
  readonly brokenWatchChance: number;
}

export const noStoreFaults: SimStoreFaults = {
  delayMsMax: 0,
  conflictChance: 0,
  lostAnswerChance: 0,
  brokenWatchChance: 0,
};

export interface SimMetadataStoreOptions {
  readonly server: SimStoreServer;
  readonly clock: Clock;
  readonly random: Pick<Random, 'int'>;
  readonly faults?: SimStoreFaults;
}

const HISTORY_BATCH = 100;

/**
 * One client of the simulated store. Everything happens by the clock and the seed alone, so the same seed replays the same answers.
 * While it is cut off, calls fail (`unavailable`, commits `unknown`), watches stand still, and its leases run out.
 */
export class SimMetadataStore implements MetadataStore {
  readonly #options: SimMetadataStoreOptions;
  readonly #closing = new AbortController();
  faults: SimStoreFaults;
  #isCutOff = false;
  #isDead = false;

  constructor(options: SimMetadataStoreOptions) {
    this.#options = options;
    this.faults = options.faults ?? noStoreFaults;
  }

  /** Cuts the client off from the store, or connects it again. */
  cutOff(isCutOff: boolean): void {
    this.#isCutOff = isCutOff;
  }

  /** The process that uses this client ends: nothing settles any more. Its clock must stand still, too. */
  crash(): void {
    this.#isDead = true;
    // Nobody hears it; but the runtime holds composed signals, and with them the whole process, until they abort.
    this.#closing.abort();
  }

  async read(prefix: string): Promise<{ readonly entries: readonly StoredEntry[]; readonly revision: number }> {
    await this.#reach();
    const { server } = this.#options;
    const answer = { entries: server.entries(prefix), revision: server.revision };
    await this.#reach();
    return answer;
  }

  async *watch(prefix: string, fromRevision: number, signal: AbortSignal): AsyncIterable<StoreRevision> {
    const { server } = this.#options;
    const ended = AbortSignal.any([signal, this.#closing.signal]);
    let next = fromRevision;
    while (!ended.aborted) {
      if (server.revision < next || this.#isCutOff) {
        await this.#changed(next, ended);
        continue;
      }
      await this.#travel();
      if (this.#happens(this.faults.brokenWatchChance))
        throw new MetadataStoreError('unavailable', 'the watch broke off');
      for (const revision of server.history(next, HISTORY_BATCH)) {
        if (ended.aborted) return;
        next = revision.revision + 1;
        const changes = revision.changes.filter((change) => change.key.startsWith(prefix));
        if (changes.length > 0) yield { revision: revision.revision, changes };
      }
    }
  }

  async commit(transaction: StoreTransaction): Promise<CommitResult> {
    checkTransaction(transaction);
    this.#checkOpen();
    await this.#travel();
    if (this.#isCutOff || this.#happens(this.faults.lostAnswerChance)) return { status: 'unknown' };
    if (this.#happens(this.faults.conflictChance)) return { status: 'conflict' };
    const revision = this.#options.server.commit(transaction);
    await this.#travel();
    if (this.#isCutOff || this.#happens(this.faults.lostAnswerChance)) return { status: 'unknown' };
    return revision === undefined ? { status: 'conflict' } : { status: 'ok', revision };
  }

  async lease(ttlMs: number): Promise<StoreLease> {
    await this.#reach();
    const { server, clock } = this.#options;
    const id = server.grant(ttlMs);
    let keptAliveAt = clock.monotonicMs();
    let isOver = false;
    let lose = () => {};
    const lost = new Promise<void>((resolve) => {
      lose = resolve;
    });
    const keepAlive = () => {
      if (isOver || this.#closing.signal.aborted) return;
      if (!this.#isCutOff) {
        if (server.keepAlive(id)) keptAliveAt = clock.monotonicMs();
        else {
          isOver = true;
          lose();
        }
      }
      clock.setTimer(ttlMs / 3, keepAlive);
    };
    clock.setTimer(ttlMs / 3, keepAlive);
    return {
      id,
      deadlineMs: () => keptAliveAt + ttlMs,
      lost,
      revoke: async () => {
        isOver = true;
        if (this.#closing.signal.aborted) return;
        await this.#reach();
        server.revoke(id);
      },
    };
  }

  async revokeLease(leaseId: string): Promise<void> {
    await this.#reach();
    this.#options.server.revoke(leaseId);
  }

  async compact(revision: number): Promise<void> {
    await this.#reach();
    this.#options.server.compact(revision);
  }

  /** Ends the client as a crash does: its leases are left to run out. */
  async close(): Promise<void> {
    this.#closing.abort();
  }

  async #reach(): Promise<void> {
    this.#checkOpen();
    await this.#travel();
    if (this.#isCutOff) throw new MetadataStoreError('unavailable', 'the metadata store cannot be reached');
  }

  #checkOpen(): void {
    if (this.#closing.signal.aborted) throw new MetadataStoreError('closed', 'the metadata store is closed');
  }

  #travel(): Promise<void> {
    const { clock, random } = this.#options;
    const delayMs = random.int(this.faults.delayMsMax + 1);
    return new Promise((resolve) => {
      if (delayMs === 0) clock.nextTurn(resolve);
      else clock.setTimer(delayMs, resolve);
    });
  }

  #happens(chance: number): boolean {
    return chance > 0 && this.#options.random.int(1000) < chance;
  }

  /** Settles at a change, or after a while where the client is cut off. */
  #changed(next: number, ended: AbortSignal): Promise<void> {
    const { server, clock } = this.#options;
    return new Promise((resolve) => {
      let undo = () => {};
      const settle = () => {
        if (this.#isDead) return;
        undo();
        ended.removeEventListener('abort', settle);
        resolve();
      };
      if (ended.aborted) return resolve();
      ended.addEventListener('abort', settle);
      if (server.revision >= next) {
        const timer = clock.setTimer(10, settle);
        undo = () => timer.cancel();
      } else undo = server.onChange(settle);
    });
  }
}

function checkTransaction({ conditions, operations }: StoreTransaction): void {
  if (conditions.length > TRANSACTION_LENGTH_MAX || operations.length > TRANSACTION_LENGTH_MAX) {
    throw new MetadataStoreError(
      'invalid',
      `a transaction may have ${TRANSACTION_LENGTH_MAX} conditions and operations`,
    );
  }
  if (new Set(operations.map((operation) => operation.key)).size < operations.length) {
    throw new MetadataStoreError('invalid', 'a transaction writes one key twice');
  }
}
