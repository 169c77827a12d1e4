import type { Clock, Timer } from '../ports/clock.ts';
import {
  MetadataStoreError,
  type StoreChange,
  type StoreCondition,
  type StoredEntry,
  type StoreOperation,
  type StoreRevision,
  type StoreTransaction,
} from '../ports/metadata-store.ts';

interface Lease {
  readonly ttlMs: number;
  expiry: Timer;
}

/** The store that simulated clients talk to: one, always consistent, in memory. Its leases expire by the clock. */
export class SimStoreServer {
  readonly #clock: Clock;
  readonly #entries = new Map<string, StoredEntry>();
  readonly #leaseOf = new Map<string, string>();
  readonly #leases = new Map<string, Lease>();
  readonly #history: StoreRevision[] = [];
  readonly #wakers = new Set<() => void>();
  /** Is told of every revision, and whose transaction made it; undefined: a lease that ended. */
  observer:
    | ((revision: StoreRevision, before: ReadonlyMap<string, StoredEntry>, client: string | undefined) => void)
    | undefined;
  #revision = 0;
  #oldest = 1;
  #leaseCount = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get revision(): number {
    return this.#revision;
  }

  /** Undefined where it is absent. */
  entry(key: string): StoredEntry | undefined {
    return this.#entries.get(key);
  }

  entries(prefix: string): readonly StoredEntry[] {
    const found = [...this.#entries.values()].filter((entry) => entry.key.startsWith(prefix));
    return found.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** The revision, or undefined where a condition does not hold. @throws MetadataStoreError `lease-not-found` */
  commit({ conditions, operations }: StoreTransaction, client?: string): number | undefined {
    if (!conditions.every((condition) => this.#holds(condition))) return undefined;
    for (const operation of operations) {
      if (operation.type === 'put' && operation.leaseId !== undefined && !this.#leases.has(operation.leaseId)) {
        throw new MetadataStoreError('lease-not-found', `lease ${operation.leaseId} has ended`);
      }
    }
    this.#write(operations, client);
    return this.#revision;
  }

  /** Ends the lease that a key is bound to, though it is kept alive: the store has forgotten it. False where there is none. */
  loseLeaseOf(key: string): boolean {
    const id = this.#leaseOf.get(key);
    if (id !== undefined) this.revoke(id);
    return id !== undefined;
  }

  /** Ends every lease: an embedded store whose process has ended. */
  revokeAll(): void {
    for (const id of [...this.#leases.keys()]) this.revoke(id);
  }

  grant(ttlMs: number): string {
    this.#leaseCount += 1;
    const id = `lease-${this.#leaseCount}`;
    this.#leases.set(id, { ttlMs, expiry: this.#clock.setTimer(ttlMs, () => this.revoke(id)) });
    return id;
  }

  /** False where the lease has ended. */
  keepAlive(id: string): boolean {
    const lease = this.#leases.get(id);
    if (lease === undefined) return false;
    lease.expiry.cancel();
    lease.expiry = this.#clock.setTimer(lease.ttlMs, () => this.revoke(id));
    return true;
  }

  /** Ends the lease and removes its keys, as its time-out does. */
  revoke(id: string): void {
    const lease = this.#leases.get(id);
    if (lease === undefined) return;
    lease.expiry.cancel();
    this.#leases.delete(id);
    const keys = [...this.#leaseOf].filter(([, owner]) => owner === id).map(([key]) => key);
    this.#write(keys.sort().map((key) => ({ type: 'delete', key })));
  }

  /** At most `max` revisions from `from` on. @throws MetadataStoreError `compacted` */
  history(from: number, max: number): readonly StoreRevision[] {
    if (from < this.#oldest) {
      throw new MetadataStoreError('compacted', `revision ${from} is forgotten (oldest: ${this.#oldest})`);
    }
    const first = this.#history[0]?.revision ?? 0;
    return this.#history.slice(Math.max(0, from - first), Math.max(0, from - first) + max);
  }

  compact(revision: number): void {
    this.#oldest = Math.max(this.#oldest, Math.min(revision, this.#revision));
    while ((this.#history[0]?.revision ?? this.#oldest) < this.#oldest) this.#history.shift();
  }

  /** Calls `waker` at the next change; the result takes the call back. */
  onChange(waker: () => void): () => void {
    this.#wakers.add(waker);
    return () => this.#wakers.delete(waker);
  }

  #holds(condition: StoreCondition): boolean {
    const entry = this.#entries.get(condition.key);
    return 'modRevision' in condition
      ? condition.modRevision === (entry?.modRevision ?? 0)
      : condition.createRevision === (entry?.createRevision ?? 0);
  }

  #write(operations: readonly StoreOperation[], client?: string): void {
    const revision = this.#revision + 1;
    const before = this.observer === undefined ? this.#entries : new Map(this.#entries);
    const changes = operations.flatMap((operation) => this.#apply(operation, revision));
    if (changes.length === 0) return;
    this.#revision = revision;
    const made = { revision, changes: changes.sort((a, b) => (a.key < b.key ? -1 : 1)) };
    this.#history.push(made);
    this.observer?.(made, before, client);
    const wakers = [...this.#wakers];
    this.#wakers.clear();
    for (const waker of wakers) waker();
  }

  #apply(operation: StoreOperation, revision: number): readonly StoreChange[] {
    const { key } = operation;
    const before = this.#entries.get(key);
    if (operation.type === 'delete') {
      this.#leaseOf.delete(key);
      return this.#entries.delete(key) ? [{ key, entry: undefined }] : [];
    }
    const createRevision = before?.createRevision ?? revision;
    const entry = { key, value: operation.value, createRevision, modRevision: revision };
    this.#entries.set(key, entry);
    if (operation.leaseId === undefined) this.#leaseOf.delete(key);
    else this.#leaseOf.set(key, operation.leaseId);
    return [{ key, entry }];
  }
}
