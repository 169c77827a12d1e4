import type { ICompare, IKeyValue, IRequestOp } from 'etcd3';
import type { Clock } from '../ports/clock.ts';
import {
  type CommitResult,
  type MetadataStore,
  MetadataStoreError,
  type StoreCondition,
  type StoredEntry,
  type StoreLease,
  type StoreOperation,
  type StoreRevision,
  type StoreTransaction,
  TRANSACTION_LENGTH_MAX,
} from '../ports/metadata-store.ts';
import { type EtcdLibrary, EtcdMembers } from './etcd-client.ts';
import { etcdError } from './etcd-errors.ts';
import { EtcdLease, revokeEtcdLease } from './etcd-lease.ts';
import { EtcdKeys } from './etcd-revisions.ts';
import { watchEtcd } from './etcd-watch.ts';

/** Where etcd is, and as whom it is talked to. */
export interface EtcdMetadataStoreOptions {
  /** `host:port` of each member. */
  readonly hosts: readonly string[];
  /** What all keys begin with: `/ks/<cluster name>/`. */
  readonly prefix: string;
  /** TLS; without certificates of its own the system's are trusted. */
  readonly tls?: {
    /** PEM of who signed the members' certificates. */
    readonly rootCertificate?: Buffer;
    /** PEM of the key and the certificate that this broker shows. */
    readonly privateKey?: Buffer;
    readonly certChain?: Buffer;
  };
  readonly user?: { readonly name: string; readonly password: string };
  readonly clock: Clock;
  /** How long `open` waits for a member to answer. Default 10 seconds. */
  readonly openTimeoutMs?: number;
}

/** Keys of one answer: with values of usual length it stays far below what etcd sends in one message. */
const PAGE_LENGTH = 500;
const OPEN_TIMEOUT_MS = 10_000;
const OPEN_PAUSE_MS = 200;
const OPEN_ATTEMPTS_MIN = 3;
/** Compactions during one read before it is given up. */
const READS_MAX = 5;

/**
 * Opens the store of a cluster in etcd; settles when a member has answered.
 * @throws MetadataStoreError `unavailable` where none did in time, `io` where the user is refused
 */
export async function openEtcdMetadataStore(options: EtcdMetadataStoreOptions): Promise<MetadataStore> {
  // Its default is the CommonJS module itself, from the source and from a bundle alike.
  const { default: library } = await import('etcd3');
  const store = new EtcdMetadataStore(library, options);
  const { clock, openTimeoutMs = OPEN_TIMEOUT_MS } = options;
  const untilMs = clock.monotonicMs() + openTimeoutMs;
  for (let attempt = 1; ; attempt++) {
    try {
      await store.probe();
      return store;
    } catch (error) {
      const mayPass = error instanceof MetadataStoreError && error.kind === 'unavailable';
      // A machine that stood still has used up the time without asking.
      if (!mayPass || (clock.monotonicMs() >= untilMs && attempt >= OPEN_ATTEMPTS_MIN)) {
        await store.close();
        throw error;
      }
      await new Promise<void>((resolve) => clock.setTimer(OPEN_PAUSE_MS, resolve));
    }
  }
}

class EtcdMetadataStore implements MetadataStore {
  readonly #name: string;
  readonly #keys: EtcdKeys;
  readonly #clock: Clock;
  /** Apart from each other, so that trouble with one kind of call says nothing of the others. */
  readonly #writes: EtcdMembers;
  readonly #watches: EtcdMembers;
  readonly #leaseCalls: EtcdMembers;
  readonly #leases = new Set<EtcdLease>();
  readonly #closing = new AbortController();

  constructor(library: EtcdLibrary, options: EtcdMetadataStoreOptions) {
    this.#name = `etcd://${options.hosts.join(',')}`;
    this.#keys = new EtcdKeys(options.prefix);
    this.#clock = options.clock;
    this.#writes = new EtcdMembers(library, options);
    this.#watches = new EtcdMembers(library, options);
    this.#leaseCalls = new EtcdMembers(library, options);
  }

  /** Whether a member answers. */
  async probe(): Promise<void> {
    await this.#guard(() => this.#writes.ask(({ kv }) => kv.range({ ...this.#keys.range(''), count_only: true })));
  }

  async read(prefix: string): Promise<{ readonly entries: readonly StoredEntry[]; readonly revision: number }> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#guard(() => this.#readPages(prefix));
      } catch (error) {
        const isCompacted = error instanceof MetadataStoreError && error.kind === 'compacted';
        if (!isCompacted || attempt === READS_MAX) throw error;
      }
    }
  }

  async *watch(prefix: string, fromRevision: number, signal: AbortSignal): AsyncIterable<StoreRevision> {
    const client = this.#watches.current;
    const ended = AbortSignal.any([signal, this.#closing.signal]);
    try {
      yield* watchEtcd({ client, keys: this.#keys, prefix, fromRevision, signal: ended, store: this.#name });
    } catch (error) {
      if (ended.aborted) return;
      if (error instanceof MetadataStoreError && error.kind === 'unavailable') {
        this.#watches.leave(client);
        // A call renews what a stream cannot: the token of a user, which etcd lets expire.
        await this.#watches.ask(({ kv }) => kv.range({ key: this.#keys.encode('cluster') })).catch(() => undefined);
      }
      throw error;
    }
  }

  async commit(transaction: StoreTransaction): Promise<CommitResult> {
    this.#checkOpen();
    checkTransaction(this.#name, transaction);
    const client = this.#writes.current;
    try {
      const { succeeded, header } = await client.kv.txn({
        compare: transaction.conditions.map((condition) => this.#compare(condition)),
        success: transaction.operations.map((operation) => this.#request(operation)),
      });
      return succeeded ? { status: 'ok', revision: Number(header.revision) } : { status: 'conflict' };
    } catch (error) {
      this.#checkOpen();
      const known = etcdError(this.#name, error);
      if (known.kind !== 'unavailable') throw known;
      this.#writes.leave(client);
      return { status: 'unknown' };
    }
  }

  async lease(ttlMs: number): Promise<StoreLease> {
    const askedAtMs = this.#clock.monotonicMs();
    const granted = await this.#guard(() =>
      this.#leaseCalls.ask(({ leaseClient }) => leaseClient.leaseGrant({ TTL: Math.max(1, Math.ceil(ttlMs / 1000)) })),
    );
    const lease = new EtcdLease({
      ...{ id: granted.ID, ttlMs: Number(granted.TTL) * 1000, askedAtMs },
      ...{ members: this.#leaseCalls, clock: this.#clock, store: this.#name },
    });
    this.#leases.add(lease);
    return lease;
  }

  revokeLease(leaseId: string): Promise<void> {
    return this.#guard(() => revokeEtcdLease(this.#leaseCalls, this.#name, leaseId));
  }

  async compact(revision: number): Promise<void> {
    try {
      await this.#guard(() => this.#writes.ask(({ kv }) => kv.compact({ revision })));
    } catch (error) {
      // Somebody has compacted further.
      if (!(error instanceof MetadataStoreError) || error.kind !== 'compacted') throw error;
    }
  }

  /** Ends the client as a crash does: its leases are left to run out. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    for (const lease of this.#leases) lease.close();
    for (const members of [this.#writes, this.#watches, this.#leaseCalls]) members.close();
  }

  /** All pages at the revision of the first one. */
  async #readPages(prefix: string): Promise<{ readonly entries: readonly StoredEntry[]; readonly revision: number }> {
    const { key, range_end } = this.#keys.range(prefix);
    const found: IKeyValue[] = [];
    let revision = 0;
    for (let from = key; ; ) {
      const request = { key: from, range_end, limit: PAGE_LENGTH, revision };
      const { kvs, more, header } = await this.#writes.ask(({ kv }) => kv.range(request));
      if (revision === 0) revision = Number(header.revision);
      for (const each of kvs) found.push(each);
      const last = kvs.at(-1);
      if (!more || last === undefined) break;
      from = Buffer.concat([last.key, Buffer.of(0)]);
    }
    return { entries: found.map((each) => this.#keys.entry(each)), revision };
  }

  #compare(condition: StoreCondition): ICompare {
    const key = this.#keys.encode(condition.key);
    return 'modRevision' in condition
      ? { result: 'Equal', target: 'Mod', key, mod_revision: condition.modRevision }
      : { result: 'Equal', target: 'Create', key, create_revision: condition.createRevision };
  }

  #request(operation: StoreOperation): IRequestOp {
    const key = this.#keys.encode(operation.key);
    if (operation.type === 'delete') return { request_delete_range: { key } };
    const { value, leaseId } = operation;
    const lease = leaseId === undefined ? {} : { lease: leaseId };
    return { request_put: { key, value: Buffer.from(value), ...lease } };
  }

  #checkOpen(): void {
    if (this.#closing.signal.aborted) {
      throw new MetadataStoreError('closed', `${this.#name}: the metadata store is closed`);
    }
  }

  /** Turns whatever fails into the port's errors. */
  async #guard<T>(work: () => Promise<T>): Promise<T> {
    this.#checkOpen();
    try {
      return await work();
    } catch (error) {
      this.#checkOpen();
      throw etcdError(this.#name, error);
    }
  }
}

function checkTransaction(store: string, { conditions, operations }: StoreTransaction): void {
  if (conditions.length > TRANSACTION_LENGTH_MAX || operations.length > TRANSACTION_LENGTH_MAX) {
    const message = `${store}: a transaction may have ${TRANSACTION_LENGTH_MAX} conditions and operations`;
    throw new MetadataStoreError('invalid', message);
  }
  if (new Set(operations.map((operation) => operation.key)).size < operations.length) {
    throw new MetadataStoreError('invalid', `${store}: a transaction writes one key twice`);
  }
}
