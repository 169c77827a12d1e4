import { afterEach, describe, expect, test } from 'vitest';
import type { MetadataStore, StoreOperation, StoreRevision } from '../src/ports/metadata-store.ts';

const put = (key: string, value: string, leaseId?: string): StoreOperation =>
  leaseId === undefined ? { type: 'put', key, value } : { type: 'put', key, value, leaseId };
const remove = (key: string): StoreOperation => ({ type: 'delete', key });

/** The next `count` revisions of a watch, which is then ended. */
async function take(store: MetadataStore, prefix: string, from: number, count: number): Promise<StoreRevision[]> {
  const end = new AbortController();
  const seen: StoreRevision[] = [];
  for await (const revision of store.watch(prefix, from, end.signal)) {
    seen.push(revision);
    if (seen.length === count) end.abort();
  }
  return seen;
}

async function write(store: MetadataStore, ...operations: StoreOperation[]): Promise<number> {
  const result = await store.commit({ conditions: [], operations });
  if (result.status !== 'ok') throw new Error(`the write was answered ${result.status}`);
  return result.revision;
}

async function keys(store: MetadataStore, prefix: string): Promise<string[]> {
  return (await store.read(prefix)).entries.map((entry) => entry.key);
}

/** The revision that the next write will have, or a later one. */
async function nextRevision(store: MetadataStore): Promise<number> {
  return (await store.read('')).revision + 1;
}

/** What every metadata store promises (ports/metadata-store.ts). `open` gives an empty one; its revisions may be some way on. */
export function metadataStoreContract(name: string, open: () => Promise<MetadataStore>): void {
  describe(`${name} keeps the contract of a metadata store`, () => {
    const opened: MetadataStore[] = [];
    const fresh = async () => {
      const store = await open();
      opened.push(store);
      return store;
    };
    afterEach(async () => {
      for (const store of opened.splice(0)) await store.close();
    });

    test('an entry knows the revisions of its creation and of its last change', async () => {
      const store = await fresh();
      const created = await write(store, put('a', '1'));
      const changed = await write(store, put('a', '2'));
      expect(changed).toBeGreaterThan(created);
      const { entries, revision } = await store.read('a');
      expect(entries).toEqual([{ key: 'a', value: '2', createRevision: created, modRevision: changed }]);
      expect(revision).toBe(changed);
      await write(store, remove('a'));
      const again = await write(store, put('a', '3'));
      expect((await store.read('a')).entries[0]).toMatchObject({ createRevision: again, modRevision: again });
    });

    test('read gives what is under the prefix, sorted by key, and nothing else', async () => {
      const store = await fresh();
      await write(
        store,
        put('topics/b', ''),
        put('topics/a', ''),
        put('topic', ''),
        put('topicsz', ''),
        put('topics/é', ''),
      );
      expect(await keys(store, 'topics/')).toEqual(['topics/a', 'topics/b', 'topics/é']);
      expect(await keys(store, '')).toHaveLength(5);
      expect(await keys(store, 'none/')).toEqual([]);
    });

    test('a transaction is applied whole, or not at all where one condition fails', async () => {
      const store = await fresh();
      const revision = await write(store, put('a', '1'), put('b', '1'));
      const stale = await store.commit({
        conditions: [
          { key: 'a', modRevision: revision },
          { key: 'b', modRevision: revision - 1 },
        ],
        operations: [put('a', '2'), remove('b'), put('c', '1')],
      });
      expect(stale).toEqual({ status: 'conflict' });
      expect(await keys(store, '')).toEqual(['a', 'b']);
      expect((await store.read('')).revision).toBe(revision);
      const good = await store.commit({
        conditions: [
          { key: 'a', modRevision: revision },
          { key: 'b', createRevision: revision },
        ],
        operations: [put('a', '2'), remove('b'), put('c', '1')],
      });
      expect(good.status).toBe('ok');
      expect((await store.read('')).entries.map((entry) => [entry.key, entry.value])).toEqual([
        ['a', '2'],
        ['c', '1'],
      ]);
    });

    test('revision 0 in a condition means that the key is absent', async () => {
      const store = await fresh();
      const create = { conditions: [{ key: 'a', modRevision: 0 }], operations: [put('a', 'mine')] };
      expect((await store.commit(create)).status).toBe('ok');
      expect((await store.commit(create)).status).toBe('conflict');
      expect(
        (await store.commit({ conditions: [{ key: 'a', createRevision: 0 }], operations: [remove('a')] })).status,
      ).toBe('conflict');
      await write(store, remove('a'));
      expect(
        (await store.commit({ conditions: [{ key: 'a', createRevision: 0 }], operations: [put('a', 'again')] })).status,
      ).toBe('ok');
    });

    test('a create revision survives changes, so it tells one life of a key from the next', async () => {
      const store = await fresh();
      const created = await write(store, put('live/1', 'x'));
      await write(store, put('live/1', 'y'));
      const condition = { conditions: [{ key: 'live/1', createRevision: created }], operations: [put('seen', '')] };
      expect((await store.commit(condition)).status).toBe('ok');
      await write(store, remove('live/1'));
      await write(store, put('live/1', 'z'));
      expect((await store.commit(condition)).status).toBe('conflict');
    });

    test('of many commits that race for one key exactly one wins', async () => {
      const store = await fresh();
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          store.commit({
            conditions: [{ key: 'controller', modRevision: 0 }],
            operations: [put('controller', String(index))],
          }),
        ),
      );
      expect(results.filter((result) => result.status === 'ok')).toHaveLength(1);
      expect(results.filter((result) => result.status === 'conflict')).toHaveLength(19);
    });

    test('a transaction that changes nothing makes no revision', async () => {
      const store = await fresh();
      const revision = await write(store, put('a', '1'));
      expect(await write(store, remove('absent'))).toBe(revision);
      expect(await write(store)).toBe(revision);
      expect((await store.read('')).revision).toBe(revision);
    });

    test('more than 128 conditions or operations, and one key twice, are refused', async () => {
      const store = await fresh();
      const many = Array.from({ length: 129 }, (_, index) => put(`k${index}`, ''));
      await expect(store.commit({ conditions: [], operations: many })).rejects.toMatchObject({ kind: 'invalid' });
      const conditions = many.map((operation) => ({ key: operation.key, modRevision: 0 }));
      await expect(store.commit({ conditions: conditions, operations: [] })).rejects.toMatchObject({ kind: 'invalid' });
      await expect(store.commit({ conditions: [], operations: [put('a', '1'), remove('a')] })).rejects.toMatchObject({
        kind: 'invalid',
      });
      expect(await keys(store, '')).toEqual([]);
      expect((await store.commit({ conditions: conditions.slice(1), operations: many.slice(1) })).status).toBe('ok');
    });

    test('watch gives every revision in order, from the one asked for on', async () => {
      const store = await fresh();
      const first = await write(store, put('a', '1'));
      const second = await write(store, put('a', '2'), put('b', '1'));
      const watching = take(store, '', second, 3);
      const third = await write(store, remove('a'));
      const fourth = await write(store, put('a', '3'));
      const seen = await watching;
      expect(seen.map((each) => each.revision)).toEqual([second, third, fourth]);
      expect(seen[0]?.changes).toEqual([
        { key: 'a', entry: { key: 'a', value: '2', createRevision: first, modRevision: second } },
        { key: 'b', entry: { key: 'b', value: '1', createRevision: second, modRevision: second } },
      ]);
      expect(seen[1]?.changes).toEqual([{ key: 'a', entry: undefined }]);
      expect(seen[2]?.changes[0]?.entry).toMatchObject({ value: '3', createRevision: fourth });
    });

    test('watch leaves out revisions that do not touch its prefix', async () => {
      const store = await fresh();
      const watching = take(store, 'topics/', await nextRevision(store), 2);
      await write(store, put('configs/x', ''));
      const one = await write(store, put('topics/a', ''), put('configs/y', ''));
      await write(store, put('configs/z', ''));
      const two = await write(store, put('topics/b', ''));
      const seen = await watching;
      expect(seen.map((each) => each.revision)).toEqual([one, two]);
      expect(seen[0]?.changes.map((change) => change.key)).toEqual(['topics/a']);
    });

    test('a watch cut in the middle of 3,000 revisions resumes without a gap', async () => {
      const store = await fresh();
      const written: number[] = [];
      const from = await nextRevision(store);
      for (let batch = 0; batch < 30; batch++) {
        const all = Array.from({ length: 100 }, (_, index) => write(store, put(`k${index % 7}`, String(batch))));
        written.push(...(await Promise.all(all)));
      }
      written.sort((a, b) => a - b);
      const early = await take(store, '', from, 1203);
      const resumed = await take(store, '', (early.at(-1)?.revision ?? 0) + 1, 3000 - 1203);
      expect([...early, ...resumed].map((each) => each.revision)).toEqual(written);
    });

    test('20,000 keys are read in one revision', async () => {
      const store = await fresh();
      const key = (index: number) => `partitions/${String(index).padStart(5, '0')}`;
      const commits: Promise<number>[] = [];
      for (let from = 0; from < 20_000; from += 100) {
        commits.push(
          write(store, ...Array.from({ length: 100 }, (_, index) => put(key(from + index), 'x'.repeat(200)))),
        );
      }
      const revisions = await Promise.all(commits);
      const { entries, revision } = await store.read('partitions/');
      expect(entries).toHaveLength(20_000);
      expect(entries[19_999]?.key).toBe('partitions/19999');
      expect(revision).toBe(Math.max(...revisions));
    });

    test('several watchers each see everything', async () => {
      const store = await fresh();
      const from = await nextRevision(store);
      const watching = [take(store, '', from, 10), take(store, '', from, 10), take(store, 'k3', from, 1)];
      for (let index = 0; index < 10; index++) await write(store, put(`k${index}`, ''));
      const [all, same, one] = await Promise.all(watching);
      expect(all?.map((each) => each.changes[0]?.key)).toEqual(Array.from({ length: 10 }, (_, index) => `k${index}`));
      expect(same).toEqual(all);
      expect(one?.[0]?.changes[0]?.key).toBe('k3');
    });

    test('a watch of forgotten revisions is told to read afresh', async () => {
      const store = await fresh();
      const first = await write(store, put('a', '1'));
      const second = await write(store, put('a', '2'));
      const third = await write(store, put('a', '3'));
      await store.compact(third);
      await expect(take(store, '', first, 1)).rejects.toMatchObject({ kind: 'compacted' });
      await expect(take(store, '', second, 1)).rejects.toMatchObject({ kind: 'compacted' });
      expect((await take(store, '', third, 1))[0]?.revision).toBe(third);
      expect((await store.read('a')).entries[0]?.value).toBe('3');
    });

    test('a compaction that overtakes a watcher ends in a fresh read, not in a gap', async () => {
      const store = await fresh();
      const from = await write(store, put('a', '1'));
      const end = new AbortController();
      const watching = store.watch('', from, end.signal)[Symbol.asyncIterator]();
      await watching.next();
      let last = 0;
      for (let index = 0; index < 10; index++) last = await write(store, put('a', String(index)));
      await store.compact(last);
      const rest: number[] = [];
      const drain = async () => {
        for (let next = await watching.next(); !next.done; next = await watching.next()) {
          rest.push(next.value.revision);
          if (next.value.revision === last) end.abort();
        }
      };
      const outcome = await drain().then(
        () => 'complete',
        (error: { kind: string }) => error.kind,
      );
      if (outcome === 'complete') expect(rest).toHaveLength(10);
      else expect([outcome, rest]).toEqual(['compacted', []]);
      end.abort();
    });

    test('keys bound to a lease vanish with it, in a revision of their own', async () => {
      const store = await fresh();
      const lease = await store.lease(10_000);
      const other = await store.lease(10_000);
      const registered = await write(store, put('live/1', 'x', lease.id), put('registrations/1', 'x'));
      await write(store, put('live/2', 'x', other.id));
      const from = await write(store, put('controller', '1', lease.id));
      await lease.revoke();
      expect(await keys(store, '')).toEqual(['live/2', 'registrations/1']);
      const gone = (await take(store, '', from + 1, 1)).flatMap((each) => each.changes);
      expect(gone.map((change) => [change.key, change.entry])).toEqual([
        ['controller', undefined],
        ['live/1', undefined],
      ]);
      const again = await write(store, put('live/1', 'y'));
      expect(again).toBeGreaterThan(registered);
      await lease.revoke();
      expect(await keys(store, 'live/')).toEqual(['live/1', 'live/2']);
    });

    test('a put without a lease unbinds the key', async () => {
      const store = await fresh();
      const lease = await store.lease(10_000);
      await write(store, put('a', '1', lease.id));
      await write(store, put('a', '2'));
      await lease.revoke();
      expect(await keys(store, '')).toEqual(['a']);
    });

    test('nothing can be bound to a lease that has ended', async () => {
      const store = await fresh();
      const lease = await store.lease(10_000);
      await lease.revoke();
      const late = store.commit({ conditions: [], operations: [put('b', '1'), put('a', '1', lease.id)] });
      await expect(late).rejects.toMatchObject({ kind: 'lease-not-found' });
      expect(await keys(store, '')).toEqual([]);
    });

    test('a lease can be ended by its id: its keys go, and its holder is told', async () => {
      const store = await fresh();
      const lease = await store.lease(3000);
      const other = await store.lease(3000);
      await write(store, put('live/1', 'x', lease.id), put('live/2', 'x', other.id));
      await store.revokeLease(lease.id);
      expect(await keys(store, 'live/')).toEqual(['live/2']);
      await lease.lost;
      await store.revokeLease(lease.id);
      const end = await Promise.race([other.lost.then(() => 'lost'), store.read('').then(() => 'alive')]);
      expect(end).toBe('alive');
    });

    test('a lease tells its deadline', async () => {
      const store = await fresh();
      expect((await store.lease(10_000)).deadlineMs()).toBeGreaterThan(0);
    });

    test('closing ends watches and refuses later calls', async () => {
      const store = await open();
      const watching = take(store, '', await nextRevision(store), 1);
      await store.close();
      expect(await watching).toEqual([]);
      await expect(store.read('')).rejects.toMatchObject({ kind: 'closed' });
      await expect(store.commit({ conditions: [], operations: [] })).rejects.toMatchObject({ kind: 'closed' });
      await store.close();
    });

    test('an aborted watch ends at once', async () => {
      const store = await fresh();
      const end = new AbortController();
      const waiting = store
        .watch('', await nextRevision(store), end.signal)
        [Symbol.asyncIterator]()
        .next();
      end.abort();
      expect((await waiting).done).toBe(true);
    });
  });
}
