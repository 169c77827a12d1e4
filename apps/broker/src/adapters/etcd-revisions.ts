import type { IEvent, IKeyValue } from 'etcd3';
import type { StoreChange, StoredEntry, StoreRevision } from '../ports/metadata-store.ts';

/** Keys under the cluster's prefix, as etcd wants them and as the port shows them. */
export class EtcdKeys {
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** The bytes of a key. */
  encode(key: string): Buffer {
    return Buffer.from(this.#prefix + key);
  }

  /** The range of all keys that begin with `prefix`. No key continues with the last code point. */
  range(prefix: string): { readonly key: Buffer; readonly range_end: Buffer } {
    return { key: this.encode(prefix), range_end: this.encode(`${prefix}\u{10ffff}`) };
  }

  decode(key: Buffer): string {
    return key.toString().slice(this.#prefix.length);
  }

  entry({ key, value, create_revision, mod_revision }: IKeyValue): StoredEntry {
    return {
      key: this.decode(key),
      value: value.toString(),
      createRevision: Number(create_revision),
      modRevision: Number(mod_revision),
    };
  }

  /**
   * The revisions of one answer of a watch, each whole. Counted by the events' own modification revisions: the header of an
   * answer may be far ahead of the events in it.
   */
  revisions(events: readonly IEvent[]): readonly StoreRevision[] {
    const byRevision = new Map<number, StoreChange[]>();
    for (const event of events) {
      const revision = Number(event.kv.mod_revision);
      let changes = byRevision.get(revision);
      if (changes === undefined) {
        changes = [];
        byRevision.set(revision, changes);
      }
      const key = this.decode(event.kv.key);
      // The library's types say `Delete`; what comes is the name as the protocol spells it.
      const isRemoval = event.type.toUpperCase() === 'DELETE';
      changes.push({ key, entry: isRemoval ? undefined : this.entry(event.kv) });
    }
    return [...byRevision].map(([revision, changes]) => ({
      revision,
      changes: changes.sort((a, b) => (a.key < b.key ? -1 : 1)),
    }));
  }
}
