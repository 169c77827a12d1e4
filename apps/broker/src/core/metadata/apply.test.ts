import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ModelStore } from '../../../tests/model-store.ts';
import type { StoreOperation } from '../../ports/metadata-store.ts';
import { advance, type MetadataState, leftoverPartitions, stateFromEntries } from './apply.ts';
import { configsKey, deletionKey, liveKey, partitionKey, registrationKey, topicKey } from './keys.ts';
import { MetadataRecordError } from './value-format.ts';

const partition = (leader = 0, leaderEpoch = 0) => ({
  replicas: [0],
  addingReplicas: [],
  removingReplicas: [],
  isr: [0],
  elr: [],
  lastKnownElr: [],
  leader,
  leaderEpoch,
  partitionEpoch: leaderEpoch,
});
const registration = (port = 9092) => ({
  endpoints: [{ listenerName: 'PLAINTEXT', host: 'localhost', port }],
  rack: null,
  host: 'here',
  logDirIds: ['d'],
  incarnationId: 'i',
  leaseId: 'l',
  uncleanBirth: false,
  features: { 'group.version': { minVersion: 0, maxVersion: 1 } },
});
const put = (key: string, value: unknown): StoreOperation => ({ type: 'put', key, value: JSON.stringify(value) });
const remove = (key: string): StoreOperation => ({ type: 'delete', key });

const empty = stateFromEntries([], 0);
const byRead = (store: ModelStore) => stateFromEntries(store.sorted(), store.revision);

/** The store operations of the steps a controller takes, with creations and deletions cut short at any point. */
type Step = (store: ModelStore) => readonly (readonly StoreOperation[])[];

const names = ['a', 'b', 'c'];
const topicIdOf = (store: ModelStore, name: string): string | undefined => {
  const entry = store.entries.get(topicKey(name));
  return entry && (JSON.parse(entry.value) as { topicId: string }).topicId;
};
const countOf = (store: ModelStore, name: string): number => {
  const entry = store.entries.get(topicKey(name));
  return entry ? (JSON.parse(entry.value) as { partitionCount: number }).partitionCount : 0;
};

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(fc.constantFrom(...names), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 9 })).map(
    ([name, count, cut]): Step =>
      (store) => {
        if (topicIdOf(store, name) !== undefined) return [];
        const topicId = `id-${store.revision}`;
        const keys = Array.from({ length: count }, (_, index) => [put(partitionKey(topicId, index), partition())]);
        const all = [
          ...keys,
          [
            put(topicKey(name), { topicId, partitionCount: count }),
            put(configsKey('topic', name), { 'retention.ms': '1' }),
          ],
        ];
        return cut === 0 ? keys.slice(0, -1) : all;
      },
  ),
  fc.tuple(fc.constantFrom(...names), fc.boolean()).map(
    ([name, swept]): Step =>
      (store) => {
        const topicId = topicIdOf(store, name);
        if (topicId === undefined) return [];
        const partitionCount = countOf(store, name);
        const first = [
          remove(topicKey(name)),
          put(deletionKey(topicId), { name, partitionCount }),
          remove(configsKey('topic', name)),
        ];
        const sweep = Array.from({ length: partitionCount }, (_, index) => [remove(partitionKey(topicId, index))]);
        return swept ? [first, ...sweep, [remove(deletionKey(topicId))]] : [first, ...sweep.slice(1)];
      },
  ),
  fc.tuple(fc.constantFrom(...names), fc.nat(9), fc.nat(9)).map(
    ([name, index, epoch]): Step =>
      (store) => {
        const topicId = topicIdOf(store, name);
        const count = countOf(store, name);
        return topicId === undefined ? [] : [[put(partitionKey(topicId, index % count), partition(epoch % 2, epoch))]];
      },
  ),
  fc.constantFrom(...names).map(
    (name): Step =>
      (store) => {
        const topicId = topicIdOf(store, name);
        const count = countOf(store, name);
        if (topicId === undefined) return [];
        return [
          [put(partitionKey(topicId, count), partition())],
          [put(topicKey(name), { topicId, partitionCount: count + 1 })],
        ];
      },
  ),
  fc.tuple(fc.nat(2), fc.constantFrom('born', 'dead', 'gone')).map(
    ([id, what]): Step =>
      () => {
        if (what === 'born')
          return [
            [
              put(registrationKey(id), registration()),
              put(liveKey(id), { incarnationId: 'i' }),
              put('controller', { brokerId: id }),
            ],
          ];
        if (what === 'dead') return [[remove(liveKey(id)), remove('controller')]];
        return [[remove(registrationKey(id))]];
      },
  ),
  fc.constantFrom('acls/x', 'producer-ids', 'unheard-of').map(
    (key): Step =>
      () => [[put(key, { any: 'thing' })]],
  ),
  fc.nat(9).map(
    (level): Step =>
      () => [[put('cluster', { clusterId: 'c', formatVersion: 1, features: { 'metadata.version': level } })]],
  ),
);

function run(steps: readonly Step[]): ModelStore {
  const store = new ModelStore();
  for (const each of steps) for (const operations of each(store)) store.write(...operations);
  return store;
}

describe('an image', () => {
  test('by read equals the image by applying every revision', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const store = run(steps);
        let state = empty;
        for (const revision of store.revisions) state = advance(state, [revision]);
        expect(state).toEqual(byRead(store));
      }),
      { numRuns: 300 },
    );
  });

  test('is the same whether revisions are applied one by one or many at once, from any point on', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.nat(), (steps, cut) => {
        const store = run(steps);
        const at = store.revision === 0 ? 0 : cut % store.revision;
        const early = advance(empty, store.revisions.slice(0, at));
        expect(advance(early, store.revisions.slice(at))).toEqual(byRead(store));
      }),
      { numRuns: 200 },
    );
  });

  test('never changes once it is made', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const store = run(steps);
        const states: (readonly [MetadataState, MetadataState])[] = [];
        let state = empty;
        for (const revision of store.revisions) {
          state = advance(state, [revision]);
          states.push([state, structuredClone(state)]);
        }
        for (const [live, copy] of states) expect(live).toEqual(copy);
      }),
      { numRuns: 100 },
    );
  });

  test('has each topic once by name and once by id, as one object', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { image } = byRead(run(steps));
        expect(image.topicsById.size).toBe(image.topicsByName.size);
        for (const topic of image.topicsByName.values()) expect(image.topicsById.get(topic.topicId)).toBe(topic);
      }),
      { numRuns: 100 },
    );
  });
});

test('a topic is shown only when its own key is there', () => {
  const store = new ModelStore();
  let state = advance(empty, [
    store.put(partitionKey('id', 0), partition()),
    store.put(partitionKey('id', 1), partition()),
  ]);
  expect(state.image.topicsByName.size).toBe(0);
  expect([...leftoverPartitions(state).keys()]).toEqual(['id']);
  state = advance(state, [store.put(topicKey('t'), { topicId: 'id', partitionCount: 2 })]);
  expect(state.image.topicsByName.get('t')?.partitions.map((each) => each.modRevision)).toEqual([1, 2]);
  expect(leftoverPartitions(state).size).toBe(0);
  state = advance(state, [
    store.write(remove(topicKey('t')), put(deletionKey('id'), { name: 't', partitionCount: 2 })),
  ]);
  expect(state.image.topicsById.size).toBe(0);
  expect(state.image.deletions.get('id')).toEqual({ name: 't', topicId: 'id', partitionCount: 2 });
  expect(leftoverPartitions(state).size).toBe(0);
});

test('a topic that did not change stays the same object', () => {
  const store = new ModelStore();
  let state = empty;
  for (const name of ['a', 'b']) {
    state = advance(state, [
      store.put(partitionKey(name, 0), partition()),
      store.put(topicKey(name), { topicId: name, partitionCount: 1 }),
    ]);
  }
  const next = advance(state, [store.put(partitionKey('a', 0), partition(-1, 1))]);
  expect(next.image.topicsByName.get('b')).toBe(state.image.topicsByName.get('b'));
  expect(next.image.topicsByName.get('a')?.partitions[0]).toMatchObject({ leader: -1, leaderEpoch: 1, modRevision: 5 });
});

test('a broker that died and was born again within one answer has a new epoch', () => {
  const store = new ModelStore();
  const born = advance(empty, [
    store.write(put(registrationKey(1), registration()), put(liveKey(1), { incarnationId: 'i' })),
  ]);
  expect(born.image.brokers.get(1)).toMatchObject({ brokerEpoch: 1, fenced: false });
  const dead = store.write(remove(liveKey(1)));
  expect(advance(born, [dead]).image.brokers.get(1)).toMatchObject({ brokerEpoch: -1, fenced: true });
  const again = store.write(put(registrationKey(1), registration(9093)), put(liveKey(1), { incarnationId: 'j' }));
  expect(advance(born, [dead, again]).image.brokers.get(1)).toMatchObject({
    brokerEpoch: 3,
    endpoints: [{ port: 9093 }],
  });
});

describe('a corrupt value is an error that names its key', () => {
  test.each([
    [partitionKey('id', 0), '{', 'partitions/id/0 is corrupt'],
    [
      partitionKey('id', 0),
      JSON.stringify({ ...partition(), isr: [0, 'x'] }),
      'partitions/id/0 is corrupt: isr[1] must be a whole number',
    ],
    [partitionKey('id', 0), JSON.stringify({ ...partition(), leaderEpoch: undefined }), 'leaderEpoch must be'],
    [topicKey('t'), '{"topicId":"id","partitionCount":0}', 'topics/t is corrupt: partitionCount must be'],
    [
      topicKey('t'),
      '{"topicId":"id","partitionCount":1}',
      'topics/t is corrupt: it names 1 partitions, but partitions/id/0 is missing',
    ],
    [configsKey('topic', 't'), '{"retention.ms":1}', 'configs/topic/t is corrupt: retention.ms must be a text'],
    [configsKey('topic', 't'), '[]', 'configs/topic/t is corrupt: the value must be an object'],
    [registrationKey(3), '{"endpoints":[{}]}', 'registrations/3 is corrupt: endpoints[0].listenerName must be a text'],
    [
      'cluster',
      '{"clusterId":"c","formatVersion":2,"features":{}}',
      'cluster is corrupt: formatVersion is 2; this release of ks reads 1',
    ],
  ])('%s %s', (key, value, message) => {
    const store = new ModelStore();
    const revision = store.write({ type: 'put', key, value });
    expect(() => advance(empty, [revision])).toThrow(MetadataRecordError);
    expect(() => advance(empty, [revision])).toThrow(message);
  });
});
