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

/** `unknown`: the answer was lost, the commit may or may not have happened; read back before acting. */
export type CommitResult =
  | { readonly status: 'ok'; readonly revision: number }
  | { readonly status: 'conflict' }
  | { readonly status: 'unknown' };

export interface StoreLease {
  readonly id: string;
  /** Monotonic milliseconds until which the lease surely lives. */
  deadlineMs(): number;
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
  /** Every later revision that touches `prefix`, in order and without gaps, from `fromRevision` on (inclusive), until the signal aborts. */
  watch(prefix: string, fromRevision: number, signal: AbortSignal): AsyncIterable<StoreRevision>;
  /** One atomic transaction: all operations if all conditions hold, else none. At most 128 of both. */
  commit(transaction: { readonly if: readonly StoreCondition[]; readonly then: readonly StoreOperation[] }): Promise<CommitResult>;
  lease(ttlMs: number): Promise<StoreLease>;
  /** Forgets revisions below `revision` for watchers. */
  compact(revision: number): Promise<void>;
  close(): Promise<void>;
}
