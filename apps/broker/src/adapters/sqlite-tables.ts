import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import {
  MetadataStoreError,
  type StoreChange,
  type StoreCondition,
  type StoredEntry,
  type StoreOperation,
  type StoreRevision,
} from '../ports/metadata-store.ts';

/** Raised when the tables change; a newer file is refused. */
const FORMAT_VERSION = 1;

const schema = `
  CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS entries (
    key TEXT PRIMARY KEY, value TEXT NOT NULL, create_revision INTEGER NOT NULL, mod_revision INTEGER NOT NULL, lease TEXT
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS history (
    revision INTEGER NOT NULL, key TEXT NOT NULL, value TEXT, create_revision INTEGER NOT NULL, PRIMARY KEY (revision, key)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS leased ON entries (lease) WHERE lease IS NOT NULL;
  INSERT OR IGNORE INTO counters VALUES ('format', ${FORMAT_VERSION}), ('revision', 0), ('compacted', 0);
`;

/** Opens or makes the tables. The lock on the file is held until the database is closed. */
export function openSchema(database: DatabaseSync): SqliteTables {
  database.exec(
    'PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; BEGIN IMMEDIATE;',
  );
  database.exec(schema);
  database.exec('COMMIT');
  const counters = new Map(
    database
      .prepare('SELECT name, value FROM counters')
      .all()
      .map((row) => [text(row, 'name'), integer(row, 'value')]),
  );
  const format = counters.get('format') ?? 0;
  if (format !== FORMAT_VERSION) {
    throw new MetadataStoreError(
      'corrupt',
      `the metadata store has format ${format}; this release of ks reads ${FORMAT_VERSION}`,
    );
  }
  return new SqliteTables(database, counters.get('revision') ?? 0, counters.get('compacted') ?? 0);
}

/** The store's tables and statements. Everything is synchronous; writes happen inside `transaction`. */
export class SqliteTables {
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
  #revision: number;
  #compactedRevision: number;

  constructor(database: DatabaseSync, revision: number, compactedRevision: number) {
    this.#database = database;
    this.#statements = prepareAll(database);
    this.#revision = revision;
    this.#compactedRevision = compactedRevision;
  }

  /** Of the last commit. */
  get revision(): number {
    return this.#revision;
  }

  /** The oldest revision whose changes are still known. */
  get compactedRevision(): number {
    return this.#compactedRevision;
  }

  /** Runs `work` in one transaction of the database: all of it is on the disk when this returns, or none. */
  transaction<T>(work: () => T): T {
    const before = { revision: this.#revision, compacted: this.#compactedRevision };
    this.#statements.begin.run();
    try {
      const result = work();
      if (this.#revision !== before.revision) this.#statements.setCounter.run(this.#revision, 'revision');
      if (this.#compactedRevision !== before.compacted)
        this.#statements.setCounter.run(this.#compactedRevision, 'compacted');
      this.#statements.commit.run();
      return result;
    } catch (error) {
      this.#revision = before.revision;
      this.#compactedRevision = before.compacted;
      if (this.#database.isTransaction) this.#statements.rollback.run();
      throw error;
    }
  }

  entries(prefix: string): readonly StoredEntry[] {
    return this.#statements.range.all(prefix, after(prefix)).map((row) => ({
      key: text(row, 'key'),
      value: text(row, 'value'),
      createRevision: integer(row, 'create_revision'),
      modRevision: integer(row, 'mod_revision'),
    }));
  }

  holds(condition: StoreCondition): boolean {
    const row = this.#statements.get.get(condition.key);
    return 'modRevision' in condition
      ? condition.modRevision === (row ? integer(row, 'mod_revision') : 0)
      : condition.createRevision === (row ? integer(row, 'create_revision') : 0);
  }

  /** Applies all operations as one new revision; returns the revision then current. */
  write(operations: readonly StoreOperation[]): number {
    const revision = this.#revision + 1;
    for (const operation of operations) {
      const row = this.#statements.get.get(operation.key);
      if (operation.type === 'delete') {
        if (row === undefined) continue;
        this.#statements.remove.run(operation.key);
        this.#statements.remember.run(revision, operation.key, null, 0);
      } else {
        const created = row ? integer(row, 'create_revision') : revision;
        this.#statements.put.run(operation.key, operation.value, created, revision, operation.leaseId ?? null);
        this.#statements.remember.run(revision, operation.key, operation.value, created);
      }
      this.#revision = revision;
    }
    return this.#revision;
  }

  /** Keys bound to one lease, or to any. */
  leasedKeys(lease?: string): readonly string[] {
    const rows = lease === undefined ? this.#statements.leased.all() : this.#statements.leasedBy.all(lease);
    return rows.map((row) => text(row, 'key'));
  }

  /** Changes under `prefix` in the revisions `from` to `to`, both inclusive, at most the first thousand revisions of them. */
  history(prefix: string, from: number, to: number): readonly StoreRevision[] {
    const revisions = new Map<number, StoreChange[]>();
    for (const row of this.#statements.history.iterate(from, to, prefix, after(prefix))) {
      const revision = integer(row, 'revision');
      let changes = revisions.get(revision);
      if (changes === undefined) {
        if (revisions.size === 1000) break;
        changes = [];
        revisions.set(revision, changes);
      }
      changes.push(changeOf(row, revision));
    }
    return [...revisions].map(([revision, changes]) => ({ revision, changes }));
  }

  /** Forgets the changes of revisions below `revision`. */
  compact(revision: number): void {
    if (revision <= this.#compactedRevision) return;
    this.#statements.forget.run(revision);
    this.#compactedRevision = revision;
  }

  close(): void {
    this.#database.close();
  }
}

type Statements = ReturnType<typeof prepareAll>;

function prepareAll(database: DatabaseSync) {
  const prepare = (sql: string): StatementSync => database.prepare(sql);
  return {
    begin: prepare('BEGIN IMMEDIATE'),
    commit: prepare('COMMIT'),
    rollback: prepare('ROLLBACK'),
    setCounter: prepare('UPDATE counters SET value = ? WHERE name = ?'),
    get: prepare('SELECT create_revision, mod_revision FROM entries WHERE key = ?'),
    range: prepare(
      'SELECT key, value, create_revision, mod_revision FROM entries WHERE key >= ? AND key < ? ORDER BY key',
    ),
    put: prepare(
      'INSERT OR REPLACE INTO entries (key, value, create_revision, mod_revision, lease) VALUES (?, ?, ?, ?, ?)',
    ),
    remove: prepare('DELETE FROM entries WHERE key = ?'),
    leased: prepare('SELECT key FROM entries WHERE lease IS NOT NULL ORDER BY key'),
    leasedBy: prepare('SELECT key FROM entries WHERE lease = ? ORDER BY key'),
    remember: prepare('INSERT INTO history (revision, key, value, create_revision) VALUES (?, ?, ?, ?)'),
    history: prepare(
      `SELECT revision, key, value, create_revision FROM history
       WHERE revision BETWEEN ? AND ? AND key >= ? AND key < ? ORDER BY revision, key`,
    ),
    forget: prepare('DELETE FROM history WHERE revision < ?'),
  };
}

type Row = Record<string, SQLOutputValue>;

function changeOf(row: Row, revision: number): StoreChange {
  const key = text(row, 'key');
  if (row['value'] === null) return { key, entry: undefined };
  const createRevision = integer(row, 'create_revision');
  return { key, entry: { key, value: text(row, 'value'), createRevision, modRevision: revision } };
}

/** SQLite compares text by its UTF-8 bytes; no key continues with the last code point. */
function after(prefix: string): string {
  return `${prefix}\u{10ffff}`;
}

function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== 'string')
    throw new MetadataStoreError('corrupt', `the metadata store's column ${column} is not text`);
  return value;
}

function integer(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== 'number')
    throw new MetadataStoreError('corrupt', `the metadata store's column ${column} is no number`);
  return value;
}
