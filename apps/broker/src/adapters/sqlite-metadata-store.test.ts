import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { metadataStoreContract } from '../../tests/metadata-store-contract.ts';
import { loadSqlite } from './sqlite-errors.ts';
import { openSqliteMetadataStore } from './sqlite-metadata-store.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ks-store-'));
  path = join(folder, 'metadata.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

metadataStoreContract('SQLite in memory', async () => openSqliteMetadataStore({ path: ':memory:' }));
metadataStoreContract('SQLite in a file', async () => openSqliteMetadataStore({ path: join(folder, 'contract.db') }));

const put = (key: string, value: string, leaseId?: string) =>
  leaseId === undefined ? ({ type: 'put', key, value } as const) : ({ type: 'put', key, value, leaseId } as const);

/** Runs a module's text in a process of its own. */
function script(body: string): readonly string[] {
  const module = JSON.stringify(new URL('./sqlite-metadata-store.ts', import.meta.url).href);
  const text = `const { openSqliteMetadataStore } = await import(${module}); const path = ${JSON.stringify(path)}; ${body}`;
  return ['--conditions=@ks/source', '--input-type=module', '-e', text];
}

describe('a file', () => {
  test('keeps entries, revisions and history over a restart', async () => {
    const first = openSqliteMetadataStore({ path });
    await first.commit({ conditions: [], operations: [put('a', '1')] });
    await first.commit({ conditions: [], operations: [put('a', '2')] });
    await first.close();
    const second = openSqliteMetadataStore({ path });
    expect(await second.read('')).toEqual({
      entries: [{ key: 'a', value: '2', createRevision: 1, modRevision: 2 }],
      revision: 2,
    });
    const end = new AbortController();
    for await (const revision of second.watch('', 1, end.signal)) {
      expect(revision.changes[0]?.entry?.value).toBe(String(revision.revision));
      if (revision.revision === 2) end.abort();
    }
    await second.close();
  });

  test('loses the leased keys of a process that was killed, and nothing that was committed', async () => {
    const body = `const store = openSqliteMetadataStore({ path });
      const lease = await store.lease(1000);
      await store.commit({ conditions: [], operations: [{ type: 'put', key: 'live/0', value: 'x', leaseId: lease.id }] });
      await store.commit({ conditions: [], operations: [{ type: 'put', key: 'topics/a', value: 'kept' }] });
      process.kill(process.pid, 'SIGKILL');`;
    expect(spawnSync(process.execPath, script(body)).signal).toBe('SIGKILL');
    const store = openSqliteMetadataStore({ path });
    const { entries, revision } = await store.read('');
    expect(entries.map((entry) => entry.key)).toEqual(['topics/a']);
    expect(revision).toBe(3);
    const end = new AbortController();
    for await (const each of store.watch('', 3, end.signal)) {
      expect(each.changes).toEqual([{ key: 'live/0', entry: undefined }]);
      end.abort();
    }
    await store.close();
  });

  test('can be read by its owner alone: it holds credentials later', async () => {
    const store = openSqliteMetadataStore({ path });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(`${path}-wal`).mode & 0o777).toBe(0o600);
    await store.close();
  });

  test('is refused to a second process in one clear line', async () => {
    const store = openSqliteMetadataStore({ path });
    const body =
      "try { openSqliteMetadataStore({ path }) } catch (error) { console.log(error.kind + ': ' + error.message) }";
    const printed = execFileSync(process.execPath, script(body), { encoding: 'utf8' }).trimEnd();
    expect(printed).toMatch(/^locked: the metadata store .*metadata\.db is in use by another process.*$/);
    expect(printed).not.toContain('\n');
    await store.close();
  });

  test('that is no database, or a damaged one, is refused in one clear line', async () => {
    writeFileSync(path, 'this is not a database, whatever its name says. '.repeat(20));
    expect(() => openSqliteMetadataStore({ path })).toThrow(/^the metadata store .* is not a database; .*$/);
    rmSync(path);
    const store = openSqliteMetadataStore({ path });
    for (let index = 0; index < 200; index++)
      await store.commit({ conditions: [], operations: [put(`k${index}`, 'v'.repeat(500))] });
    await store.close();
    truncateSync(path, 8192);
    expect(() => openSqliteMetadataStore({ path })).toThrow(/^the metadata store .* is damaged; .*$/);
  });

  test('in a missing folder fails with the path in the message', () => {
    const missing = join(folder, 'none', 'metadata.db');
    expect(() => openSqliteMetadataStore({ path: missing })).toThrow(missing);
  });

  test('of a newer format is refused', async () => {
    await openSqliteMetadataStore({ path }).close();
    const { DatabaseSync } = await import('node:sqlite');
    const database = new DatabaseSync(path);
    database.exec("UPDATE counters SET value = 99 WHERE name = 'format'");
    database.close();
    expect(() => openSqliteMetadataStore({ path })).toThrow(/format 99/);
  });
});

test('the oldest revisions are forgotten beyond the bound', async () => {
  const store = openSqliteMetadataStore({ path: ':memory:', historyRevisionsMax: 100 });
  for (let index = 0; index < 150; index++)
    await store.commit({ conditions: [], operations: [put('a', String(index))] });
  const forgotten = store.watch('', 20, new AbortController().signal)[Symbol.asyncIterator]().next();
  await expect(forgotten).rejects.toMatchObject({ kind: 'compacted' });
  const kept = await store.watch('', 60, new AbortController().signal)[Symbol.asyncIterator]().next();
  expect(kept.value?.revision).toBe(60);
  await store.close();
});

test.skipIf(process.platform === 'win32')(
  'a disk that refuses a write: nothing of it is acknowledged, all before it is kept, the store stays failed',
  async () => {
    const body = `const store = openSqliteMetadataStore({ path });
    const put = (key) => store.commit({ conditions: [], operations: [{ type: 'put', key, value: 'v'.repeat(10000) }] });
    let acknowledged = 0;
    let first;
    while (first === undefined) await put('k' + acknowledged).then(() => { acknowledged += 1; }, (error) => { first = error; });
    const second = await put('late').catch((error) => error);
    const third = await store.read('').catch((error) => error);
    console.log(JSON.stringify({ acknowledged, kinds: [first.kind, second.kind, third.kind], message: first.message }));`;
    // No file may grow beyond 512 KB; with the signal ignored the write fails instead.
    const shell = ['-c', 'ulimit -f 512; trap "" XFSZ; exec "$@"', 'limited', process.execPath, ...script(body)];
    const run = spawnSync('bash', shell, { encoding: 'utf8' });
    expect(run.stderr).toBe('');
    const seen = JSON.parse(run.stdout) as { acknowledged: number; kinds: string[]; message: string };
    expect(seen.kinds).toEqual(['io', 'io', 'io']);
    expect(seen.message).toMatch(/^the metadata store .*metadata\.db failed/);
    expect(seen.acknowledged).toBeGreaterThan(5);
    const store = openSqliteMetadataStore({ path });
    expect((await store.read('k')).entries).toHaveLength(seen.acknowledged);
    await store.close();
  },
);

test('of the warnings while SQLite loads, only that it is experimental is held back', () => {
  const emitted: string[] = [];
  const { emitWarning, getBuiltinModule } = process;
  process.emitWarning = ((warning: string) => void emitted.push(warning)) as typeof process.emitWarning;
  process.getBuiltinModule = ((name: string) => {
    process.emitWarning('SQLite is an experimental feature', 'ExperimentalWarning');
    process.emitWarning('something else', 'ExperimentalWarning');
    process.emitWarning('SQLite is old', 'DeprecationWarning');
    return getBuiltinModule(name);
  }) as typeof process.getBuiltinModule;
  try {
    expect(loadSqlite().DatabaseSync).toBeDefined();
    process.emitWarning('SQLite is an experimental feature, said later', 'ExperimentalWarning');
  } finally {
    Object.assign(process, { emitWarning, getBuiltinModule });
  }
  expect(emitted).toEqual(['something else', 'SQLite is old', 'SQLite is an experimental feature, said later']);
});

test('nothing is said on stderr about SQLite being experimental', () => {
  const run = spawnSync(process.execPath, script("await openSqliteMetadataStore({ path: ':memory:' }).close()"), {
    encoding: 'utf8',
  });
  expect(run.stderr).toBe('');
  expect(run.status).toBe(0);
});
