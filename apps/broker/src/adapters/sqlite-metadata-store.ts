import { closeSync, openSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
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
import { loadSqlite, storeError } from './sqlite-errors.ts';
import { openSchema, type SqliteTables } from './sqlite-tables.ts';

/** Where the store is, and what it keeps. */
export interface SqliteMetadataStoreOptions {
  /** The database file, made if absent (readable by its owner alone), or `:memory:`. */
  readonly path: string;
  /** Revisions kept for watchers before the oldest are forgotten by themselves. Default 10,000. */
  readonly historyRevisionsMax?: number;
}

interface PendingCommit {
  readonly transaction: StoreTransaction;
  resolve(result: CommitResult): void;
  reject(error: unknown): void;
}

/**
 * Opens the embedded metadata store: one SQLite file, one process. Leases end with `revoke` or with the process, never by
 * time: keys that a dead process left bound to a lease are removed here.
 * @throws MetadataStoreError `locked`, `corrupt`, `io` (a folder that is missing or not writable)
 */
export function openSqliteMetadataStore(options: SqliteMetadataStoreOptions): MetadataStore {
  const { path } = options;
  let database: DatabaseSync | undefined;
  try {
    const { DatabaseSync } = loadSqlite();
    if (path !== ':memory:') closeSync(openSync(path, 'a', 0o600));
    database = new DatabaseSync(path);
    return new SqliteMetadataStore(path, openSchema(database), options.historyRevisionsMax ?? 10_000);
  } catch (error) {
    if (database?.isOpen) database.close();
    throw storeError(path, error);
  }
}

class SqliteMetadataStore implements MetadataStore {
  readonly #path: string;
  readonly #tables: SqliteTables;
  readonly #historyRevisionsMax: number;
  /** What tells the holder of each lease that another ended it. */
  readonly #leases = new Map<string, () => void>();
  readonly #wakers = new Set<() => void>();
  #pending: PendingCommit[] = [];
  #leaseCount = 0;
  #failure: MetadataStoreError | undefined;

  constructor(path: string, tables: SqliteTables, historyRevisionsMax: number) {
    this.#path = path;
    this.#tables = tables;
    this.#historyRevisionsMax = historyRevisionsMax;
    tables.transaction(() => this.#deleteAll(tables.leasedKeys()));
  }

  async read(prefix: string): Promise<{ readonly entries: readonly StoredEntry[]; readonly revision: number }> {
    return this.#guard(() => ({ entries: this.#tables.entries(prefix), revision: this.#tables.revision }));
  }

  async *watch(prefix: string, fromRevision: number, signal: AbortSignal): AsyncIterable<StoreRevision> {
    let next = fromRevision;
    while (!signal.aborted && this.#failure === undefined) {
      const compacted = this.#tables.compactedRevision;
      if (next < compacted) {
        throw new MetadataStoreError(
          'compacted',
          `${this.#path}: revision ${next} is forgotten (oldest: ${compacted})`,
        );
      }
      const seen = this.#tables.revision;
      const from = next;
      const revisions = this.#guard(() => this.#tables.history(prefix, from, seen));
      for (const revision of revisions) {
        if (signal.aborted) return;
        yield revision;
        next = revision.revision + 1;
      }
      if (revisions.length > 0) continue;
      next = Math.max(next, seen + 1);
      await this.#changed(seen, signal);
    }
    if (!signal.aborted && this.#failure !== undefined && this.#failure.kind !== 'closed') throw this.#failure;
  }

  commit(transaction: StoreTransaction): Promise<CommitResult> {
    return new Promise((resolve, reject) => {
      this.#guard(() => checkTransaction(this.#path, transaction));
      // Transactions of one loop turn share one fsync: creating a thousand topics is one write to the disk.
      if (this.#pending.length === 0) queueMicrotask(() => queueMicrotask(() => this.#commitPending()));
      this.#pending.push({ transaction, resolve, reject });
    });
  }

  async lease(_ttlMs: number): Promise<StoreLease> {
    return this.#guard(() => {
      this.#leaseCount += 1;
      const id = `${this.#tables.revision}-${this.#leaseCount}`;
      const lost = new Promise<void>((resolve) => this.#leases.set(id, resolve));
      return { id, deadlineMs: () => Number.POSITIVE_INFINITY, lost, revoke: () => this.#revoke(id) };
    });
  }

  async revokeLease(leaseId: string): Promise<void> {
    const lose = this.#leases.get(leaseId);
    await this.#revoke(leaseId);
    lose?.();
  }

  async compact(revision: number): Promise<void> {
    this.#guard(() => this.#tables.transaction(() => this.#tables.compact(Math.min(revision, this.#tables.revision))));
  }

  async close(): Promise<void> {
    if (this.#failure?.kind === 'closed') return;
    this.#commitPending();
    // Leases end with the object; a store that failed leaves that to the next open.
    if (this.#failure === undefined) this.#tables.transaction(() => this.#deleteAll(this.#tables.leasedKeys()));
    this.#failure = new MetadataStoreError('closed', `${this.#path}: the metadata store is closed`);
    this.#tables.close();
    this.#wake();
  }

  async #revoke(id: string): Promise<void> {
    this.#commitPending();
    if (!this.#leases.delete(id) || this.#failure !== undefined) return;
    this.#guard(() => this.#tables.transaction(() => this.#deleteAll(this.#tables.leasedKeys(id))));
    this.#wake();
  }

  #deleteAll(keys: readonly string[]): void {
    if (keys.length > 0) this.#tables.write(keys.map((key) => ({ type: 'delete', key })));
  }

  #commitPending(): void {
    const pending = this.#pending;
    this.#pending = [];
    if (pending.length === 0) return;
    try {
      const outcomes = this.#guard(() =>
        this.#tables.transaction(() => pending.map((each) => this.#decide(each.transaction))),
      );
      pending.forEach((each, index) => {
        const outcome = outcomes[index];
        if (outcome instanceof MetadataStoreError) each.reject(outcome);
        else if (outcome !== undefined) each.resolve(outcome);
      });
    } catch (error) {
      for (const each of pending) each.reject(error);
    }
    this.#wake();
  }

  /** Conditions are all checked before the first write, so one refused transaction leaves the others of its group alone. */
  #decide(transaction: StoreTransaction): CommitResult | MetadataStoreError {
    if (!transaction.conditions.every((condition) => this.#tables.holds(condition))) return { status: 'conflict' };
    for (const operation of transaction.operations) {
      if (operation.type === 'put' && operation.leaseId !== undefined && !this.#leases.has(operation.leaseId)) {
        return new MetadataStoreError('lease-not-found', `${this.#path}: lease ${operation.leaseId} has ended`);
      }
    }
    const revision = this.#tables.write(transaction.operations);
    const oldest = revision - this.#historyRevisionsMax;
    // In steps, so that not every commit pays for it.
    if (oldest > this.#tables.compactedRevision + this.#historyRevisionsMax / 10) this.#tables.compact(oldest);
    return { status: 'ok', revision };
  }

  #changed(seen: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const settle = () => {
        this.#wakers.delete(settle);
        signal.removeEventListener('abort', settle);
        resolve();
      };
      if (signal.aborted || this.#failure !== undefined || this.#tables.revision !== seen) return resolve();
      this.#wakers.add(settle);
      signal.addEventListener('abort', settle);
    });
  }

  #wake(): void {
    for (const waker of [...this.#wakers]) waker();
  }

  /** Turns SQLite's errors into the port's. A failed write or sync is never retried in place: the store stays failed. */
  #guard<T>(work: () => T): T {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return work();
    } catch (error) {
      const failure = storeError(this.#path, error);
      if (failure.kind === 'io' || failure.kind === 'corrupt') {
        this.#failure = failure;
        this.#wake();
      }
      throw failure;
    }
  }
}

function checkTransaction(path: string, transaction: StoreTransaction): void {
  if (
    transaction.conditions.length > TRANSACTION_LENGTH_MAX ||
    transaction.operations.length > TRANSACTION_LENGTH_MAX
  ) {
    throw new MetadataStoreError(
      'invalid',
      `${path}: a transaction may have ${TRANSACTION_LENGTH_MAX} conditions and operations`,
    );
  }
  const keys = new Set(transaction.operations.map((operation) => operation.key));
  if (keys.size < transaction.operations.length) {
    throw new MetadataStoreError('invalid', `${path}: a transaction writes one key twice`);
  }
}
