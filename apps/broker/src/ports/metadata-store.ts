/** A key and its value as last written. Revisions count commits of the whole store and only grow. */
export interface StoredEntry {
  readonly key: string;
  readonly value: string;
  readonly createRevision: number;
  readonly modRevision: number;
}

/** One key's change in a revision; `entry` is undefined where the key was removed. */
export interface StoreChange {
  readonly key: string;
  readonly entry: StoredEntry | undefined;
}

export interface StoreRevision {
  readonly revision: number;
  readonly changes: readonly StoreChange[];
}

/** What must hold of a key for a commit; revision 0 means that the key is absent. */
export type StoreCondition =
  | { readonly key: string; readonly modRevision: number }
  | { readonly key: string; readonly createRevision: number };

export type StoreOperation =
  | { readonly type: 'put'; readonly key: string; readonly value: string; readonly leaseId?: string }
  | { readonly type: 'delete'; readonly key: string };

/** All operations if all conditions hold, else none. */
export interface StoreTransaction {
  readonly conditions: readonly StoreCondition[];
  readonly operations: readonly StoreOperation[];
}

/** `unknown`: the answer was lost, the commit may or may not have happened; read back before acting. */
export type CommitResult =
  | { readonly status: 'ok'; readonly revision: number }
  | { readonly status: 'conflict' }
  | { readonly status: 'unknown' };

/**
 * Why a store call failed.
 * - `compacted`: the watched revisions are forgotten; read afresh and watch on from there.
 * - `lease-not-found`: the lease of a put has ended; the transaction did nothing.
 * - `invalid`: the transaction is malformed (too many conditions or operations, one key written twice).
 * - `locked`: another process has the store open.
 * - `corrupt`: the store's file is not what it should be.
 * - `no-space`: the disk is full; the transaction did nothing.
 * - `unavailable`: the store cannot be reached now; the call may be repeated.
 * - `closed`: the call came after `close`, or `close` ended it.
 * - `io`: the store failed for good.
 */
export type MetadataStoreErrorKind =
  | 'compacted'
  | 'lease-not-found'
  | 'invalid'
  | 'locked'
  | 'corrupt'
  | 'no-space'
  | 'unavailable'
  | 'closed'
  | 'io';

/** Every failure of a `MetadataStore`. The message is one line that names the store. */
export class MetadataStoreError extends Error {
  readonly kind: MetadataStoreErrorKind;
  constructor(kind: MetadataStoreErrorKind, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'MetadataStoreError';
    this.kind = kind;
  }
}

/** The most conditions, and the most operations, that one transaction may have (etcd's own limit). */
export const TRANSACTION_LENGTH_MAX = 128;

export interface StoreLease {
  readonly id: string;
  /** Monotonic milliseconds until which the lease surely lives. */
  deadlineMs(): number;
  /** Settles when the store says that the lease is gone though its holder did not revoke it. Silence of the store is no such word. */
  readonly lost: Promise<void>;
  /** Removes the keys bound to the lease. */
  revoke(): Promise<void>;
}

/**
 * The cluster's metadata: a versioned key-value store with etcd's semantics and nothing more (design: cluster.md).
 * Keys are paths such as `topics/<name>`; the store adds its own prefix.
 */
export interface MetadataStore {
  /** All entries under `prefix`, sorted by key, of one pinned revision. */
  read(prefix: string): Promise<{ readonly entries: readonly StoredEntry[]; readonly revision: number }>;
  /** Every revision that touches `prefix`, in order and without gaps, from `fromRevision` on (inclusive), until the signal
   * aborts or the store closes, both of which end the iteration. Throws `compacted` where revisions are forgotten. */
  watch(prefix: string, fromRevision: number, signal: AbortSignal): AsyncIterable<StoreRevision>;
  /** One atomic transaction: all operations if all conditions hold, else none; at most `TRANSACTION_LENGTH_MAX` of each, and
   * no key twice among the operations. Deleting an absent key changes nothing; a transaction that changes nothing makes no
   * revision and answers the current one. */
  commit(transaction: StoreTransaction): Promise<CommitResult>;
  /** Keys put with the lease's id vanish when it ends; a later put of the key without a lease unbinds it. */
  lease(ttlMs: number): Promise<StoreLease>;
  /** Ends a lease, of another process too, by its id; one that has ended already is no fault. */
  revokeLease(leaseId: string): Promise<void>;
  /** Forgets revisions below `revision` for watchers. */
  compact(revision: number): Promise<void>;
  close(): Promise<void>;
}
