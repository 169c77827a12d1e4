import type { StoreChange, StoredEntry, StoreOperation, StoreRevision } from '../src/ports/metadata-store.ts';

/** The store as pure data: what tests apply operations to, to get entries and revisions as a store would give them. */
export class ModelStore {
  readonly entries = new Map<string, StoredEntry>();
  readonly revisions: StoreRevision[] = [];

  get revision(): number {
    return this.revisions.length;
  }

  sorted(): readonly StoredEntry[] {
    return [...this.entries.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  write(...operations: readonly StoreOperation[]): StoreRevision {
    const revision = this.revision + 1;
    const changes = operations.map((operation) => this.#apply(operation, revision));
    const written = { revision, changes };
    this.revisions.push(written);
    return written;
  }

  put(key: string, value: unknown): StoreRevision {
    return this.write({ type: 'put', key, value: JSON.stringify(value) });
  }

  #apply(operation: StoreOperation, revision: number): StoreChange {
    const { key } = operation;
    if (operation.type === 'delete') {
      this.entries.delete(key);
      return { key, entry: undefined };
    }
    const createRevision = this.entries.get(key)?.createRevision ?? revision;
    const entry = { key, value: operation.value, createRevision, modRevision: revision };
    this.entries.set(key, entry);
    return { key, entry };
  }
}
