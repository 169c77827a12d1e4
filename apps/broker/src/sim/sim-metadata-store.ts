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

/** The wires to the store: milliseconds that a request, or an answer, is under way now; undefined while none gets through. */
export interface StoreRoute {
  toStore(): number | undefined;
  fromStore(): number | undefined;
}

export interface SimMetadataStoreOptions {
  /** Default: nothing lies between but what the faults say. */
  readonly route?: StoreRoute;
  /** Names this client to who watches the store. */
  readonly name?: string;
  readonly server: SimStoreServer;
  readonly clock: Clock;
  readonly random: Pick<Random, 'int'>;
  readonly faults?: SimStoreFaults;
}

const HISTORY_BATCH = 100;
/** How long a client waits for an answer that does not come. */
const ANSWER_TIMEOUT_MS = 1000;
/** What a holder takes off a lease that lies behind wires, for clocks that do not run alike. */
const LEASE_MARGIN = 0.1;

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
    const { server } = this.#options;
    return this.#ask(() => ({ entries: server.entries(prefix), revision: server.revision }));
  }

  async *watch(prefix: string, fromRevision: number, signal: AbortSignal): AsyncIterable<StoreRevision> {
    const { server } = this.#options;
    const ended = AbortSignal.any([signal, this.#closing.signal]);
    let next = fromRevision;
    while (!ended.aborted) {
      if (server.revision < next || this.#isAway) {
        await this.#changed(next, ended);
        continue;
      }
      if (!(await this.#travel('answer'))) continue;
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
    if (!(await this.#arrives('request'))) return { status: 'unknown' };
    if (this.#happens(this.faults.conflictChance)) return { status: 'conflict' };
    const revision = this.#options.server.commit(transaction, this.#options.name);
    if (!(await this.#arrives('answer'))) return { status: 'unknown' };
    return revision === undefined ? { status: 'conflict' } : { status: 'ok', revision };
  }

  async lease(ttlMs: number): Promise<StoreLease> {
    const { server, clock, route } = this.#options;
    let keptAliveAt = clock.monotonicMs();
    const id = await this.#ask(() => server.grant(ttlMs));
    let isOver = false;
    let lose = () => {};
    const lost = new Promise<void>((resolve) => {
      lose = resolve;
    });
    const keepAlive = async (): Promise<void> => {
      if (isOver || this.#closing.signal.aborted) return;
      const sentAt = clock.monotonicMs();
      // Without wires it is heard at once.
      const travels = (what: 'request' | 'answer') => (route === undefined ? !this.#isCutOff : this.#travel(what));
      const isKept = (await travels('request')) ? server.keepAlive(id) : undefined;
      const isAnswered = isKept !== undefined && (await travels('answer'));
      if (isOver) return;
      if (isAnswered && isKept) keptAliveAt = sentAt;
      else if (isAnswered) {
        isOver = true;
        lose();
      }
      clock.setTimer(ttlMs / (isAnswered ? 3 : 20), () => void keepAlive());
    };
    clock.setTimer(ttlMs / 3, () => void keepAlive());
    const safeMs = route === undefined ? ttlMs : ttlMs * (1 - LEASE_MARGIN);
    return {
      id,
      deadlineMs: () => keptAliveAt + safeMs,
      lost,
      revoke: async () => {
        isOver = true;
        if (this.#closing.signal.aborted) return;
        await this.#ask(() => server.revoke(id));
      },
    };
  }

  async revokeLease(leaseId: string): Promise<void> {
    await this.#ask(() => this.#options.server.revoke(leaseId));
  }

  async compact(revision: number): Promise<void> {
    await this.#ask(() => this.#options.server.compact(revision));
  }

  /** Ends the client as a crash does: its leases are left to run out. */
  async close(): Promise<void> {
    this.#closing.abort();
  }

  /** Has the store do something; what was done may not be heard of. */
  async #ask<T>(action: () => T): Promise<T> {
    this.#checkOpen();
    if (!(await this.#travel('request'))) return this.#unreachable();
    const answer = action();
    this.#checkOpen();
    return (await this.#travel('answer')) ? answer : this.#unreachable();
  }

  async #unreachable(): Promise<never> {
    if (this.#options.route !== undefined) await this.#wait(ANSWER_TIMEOUT_MS);
    throw new MetadataStoreError('unavailable', 'the metadata store cannot be reached');
  }

  #checkOpen(): void {
    if (this.#closing.signal.aborted) throw new MetadataStoreError('closed', 'the metadata store is closed');
  }

  /** Whether a commit's request, or its answer, gets there; where not, that is known only after a while. */
  async #arrives(what: 'request' | 'answer'): Promise<boolean> {
    const isThere = (await this.#travel(what)) && !this.#happens(this.faults.lostAnswerChance);
    if (!isThere && this.#options.route !== undefined) await this.#wait(ANSWER_TIMEOUT_MS);
    return isThere;
  }

  get #isAway(): boolean {
    const { route } = this.#options;
    if (this.#isCutOff || route === undefined) return this.#isCutOff;
    return route.toStore() === undefined || route.fromStore() === undefined;
  }

  /** False where it does not get through. */
  async #travel(what: 'request' | 'answer'): Promise<boolean> {
    const { random, route } = this.#options;
    const wireMs = this.#wireMs(what);
    await this.#wait(random.int(this.faults.delayMsMax + 1) + (wireMs ?? 0));
    return !this.#isCutOff && (route === undefined || this.#wireMs(what) !== undefined);
  }

  #wireMs(what: 'request' | 'answer'): number | undefined {
    const { route } = this.#options;
    return what === 'request' ? route?.toStore() : route?.fromStore();
  }

  #wait(delayMs: number): Promise<void> {
    const { clock } = this.#options;
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
