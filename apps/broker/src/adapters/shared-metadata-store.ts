import {
  type CommitResult,
  type MetadataStore,
  MetadataStoreError,
  type StoredEntry,
  type StoreLease,
  type StoreRevision,
  type StoreTransaction,
} from '../ports/metadata-store.ts';

/** One store for several brokers of a process: each has a share, whose leases and watches end with it. */
export class SharedMetadataStore {
  readonly #open: () => Promise<MetadataStore>;
  #store: Promise<MetadataStore> | undefined;
  #shareCount = 0;

  /** `open` is called for the first share, and again for the first one after the last was closed. */
  constructor(open: () => Promise<MetadataStore>) {
    this.#open = open;
  }

  /** A share of the store. The last one to be closed closes the store. Rejects as opening it does. */
  async share(): Promise<MetadataStore> {
    this.#shareCount += 1;
    this.#store ??= this.#open();
    try {
      return new StoreShare(await this.#store, () => this.#closed());
    } catch (error) {
      this.#store = undefined;
      this.#shareCount -= 1;
      throw error;
    }
  }

  async #closed(): Promise<void> {
    this.#shareCount -= 1;
    if (this.#shareCount > 0) return;
    const store = await this.#store;
    this.#store = undefined;
    await store?.close();
  }
}

class StoreShare implements MetadataStore {
  readonly #store: MetadataStore;
  readonly #closed: () => Promise<void>;
  readonly #leases = new Set<StoreLease>();
  readonly #ending = new AbortController();
  #closing: Promise<void> | undefined;

  constructor(store: MetadataStore, closed: () => Promise<void>) {
    this.#store = store;
    this.#closed = closed;
  }

  async read(prefix: string): Promise<{ readonly entries: readonly StoredEntry[]; readonly revision: number }> {
    return this.#open().read(prefix);
  }

  async *watch(prefix: string, fromRevision: number, signal: AbortSignal): AsyncIterable<StoreRevision> {
    yield* this.#open().watch(prefix, fromRevision, AbortSignal.any([signal, this.#ending.signal]));
  }

  async commit(transaction: StoreTransaction): Promise<CommitResult> {
    return this.#open().commit(transaction);
  }

  async lease(ttlMs: number): Promise<StoreLease> {
    const lease = await this.#open().lease(ttlMs);
    const own: StoreLease = {
      id: lease.id,
      deadlineMs: () => lease.deadlineMs(),
      lost: lease.lost,
      revoke: async () => {
        this.#leases.delete(own);
        await lease.revoke();
      },
    };
    this.#leases.add(own);
    return own;
  }

  async revokeLease(leaseId: string): Promise<void> {
    await this.#open().revokeLease(leaseId);
  }

  async compact(revision: number): Promise<void> {
    await this.#open().compact(revision);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#ending.abort();
    for (const lease of [...this.#leases]) await lease.revoke();
    await this.#closed();
  }

  #open(): MetadataStore {
    if (this.#closing === undefined) return this.#store;
    throw new MetadataStoreError('closed', 'this share of the metadata store is closed');
  }
}
