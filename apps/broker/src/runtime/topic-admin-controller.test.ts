import { ErrorCode, errorByCode, ZERO_UUID } from '@ks/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type MetadataNode, startMetadataNode } from '../../tests/metadata-harness.ts';
import { seededRandom, VirtualClock } from '../../tests/virtual-clock.ts';
import { createNodeClock } from '../adapters/node-clock.ts';
import { openSqliteMetadataStore } from '../adapters/sqlite-metadata-store.ts';
import { leftoverPartitions } from '../core/metadata/apply.ts';
import type { MetadataStore } from '../ports/metadata-store.ts';
import { noStoreFaults, SimMetadataStore } from '../sim/sim-metadata-store.ts';
import { SimStoreServer } from '../sim/sim-store-server.ts';
import type { TopicSpec } from './topic-admin.ts';

const options = { timeoutMs: 10_000, validateOnly: false };
const spec = (name: string, partitionCount = -1, fields: Partial<TopicSpec> = {}): TopicSpec => ({
  name,
  partitionCount,
  replicationFactor: -1,
  assignments: [],
  configs: [],
  ...fields,
});
const codes = (results: readonly { readonly errorCode: number }[]) =>
  results.map((each) => errorByCode(each.errorCode).name);
const storedKeys = async (store: MetadataStore, prefix = '') =>
  (await store.read(prefix)).entries.map((entry) => entry.key);

describe('with the embedded store', () => {
  let store: MetadataStore;
  let node: MetadataNode;
  beforeEach(async () => {
    store = openSqliteMetadataStore({ path: ':memory:' });
    node = await startMetadataNode({
      store,
      clock: createNodeClock(),
      random: seededRandom(1),
      config: { 'num.partitions': '3' },
    });
  });
  afterEach(async () => {
    await node.stop();
    await store.close();
  });
  const topic = (name: string) => node.loader.image().topicsByName.get(name);

  test('a created topic is in force when its creation is answered', async () => {
    const [created] = await node.admin.createTopics(
      [spec('t', -1, { configs: [{ name: 'retention.ms', value: '5' }] })],
      options,
    );
    expect(created).toMatchObject({
      name: 't',
      errorCode: 0,
      errorMessage: null,
      partitionCount: 3,
      replicationFactor: 1,
    });
    expect(topic('t')).toMatchObject({ topicId: created?.topicId });
    expect(node.loader.image().configs.get('topic/t')).toEqual(new Map([['retention.ms', '5']]));
  });

  test('one refused topic does not stop the others', async () => {
    await node.admin.createTopics([spec('there')], options);
    const asked = [
      spec('a'),
      spec('there'),
      spec('b', 1, { replicationFactor: 3 }),
      spec('c', 0),
      spec('..'),
      spec('d'),
    ];
    const results = await node.admin.createTopics(asked, options);
    expect(codes(results)).toEqual([
      'NONE',
      'TOPIC_ALREADY_EXISTS',
      'INVALID_REPLICATION_FACTOR',
      'INVALID_PARTITIONS',
      'INVALID_TOPIC_EXCEPTION',
      'NONE',
    ]);
    expect(results[2]).toMatchObject({ topicId: ZERO_UUID, partitionCount: -1, replicationFactor: -1 });
    expect([...node.loader.image().topicsByName.keys()].sort()).toEqual(['a', 'd', 'there']);
  });

  test('topics of one request collide with each other', async () => {
    const results = await node.admin.createTopics([spec('a.b'), spec('a_b')], options);
    expect(codes(results)).toEqual(['NONE', 'INVALID_TOPIC_EXCEPTION']);
  });

  test('a refused topic takes no name from the next', async () => {
    const bad = spec('a.b', 1, { configs: [{ name: 'nonsense', value: '1' }] });
    expect(codes(await node.admin.createTopics([bad, spec('a_b')], options))).toEqual(['INVALID_CONFIG', 'NONE']);
  });

  test('validating only writes nothing', async () => {
    const before = (await store.read('')).revision;
    const results = await node.admin.createTopics([spec('t', 7), spec('u', 0)], { ...options, validateOnly: true });
    expect(codes(results)).toEqual(['NONE', 'INVALID_PARTITIONS']);
    expect(results[0]).toMatchObject({ partitionCount: 7, topicId: ZERO_UUID });
    expect((await store.read('')).revision).toBe(before);
  });

  test('one request cannot create more than 10,000 partitions', async () => {
    const results = await node.admin.createTopics([spec('a', 6000), spec('b', 5000), spec('c', 4000)], options);
    expect(codes(results)).toEqual(['NONE', 'POLICY_VIOLATION', 'NONE']);
    expect(topic('a')?.partitions).toHaveLength(6000);
  });

  test('a topic of more partitions than one transaction holds comes whole', async () => {
    const [created] = await node.admin.createTopics([spec('t', 333)], options);
    expect(created).toMatchObject({ errorCode: 0, partitionCount: 333 });
    expect(topic('t')?.partitions.map((each) => each.partitionIndex)).toEqual(
      Array.from({ length: 333 }, (_, index) => index),
    );
  });

  test('a deleted topic leaves nothing, and its name is free again', async () => {
    const [first] = await node.admin.createTopics(
      [spec('t', 250, { configs: [{ name: 'retention.ms', value: '5' }] })],
      options,
    );
    expect(codes(await node.admin.deleteTopics(['t', 'none'], options))).toEqual([
      'NONE',
      'UNKNOWN_TOPIC_OR_PARTITION',
    ]);
    expect(topic('t')).toBeUndefined();
    await node.controller.stop();
    expect(await storedKeys(store)).toEqual(['cluster', 'controller', 'live/0', 'registrations/0']);
    const [second] = await node.admin.createTopics([spec('t')], options);
    expect(second?.topicId).not.toBe(first?.topicId);
    expect(node.loader.image().configs.size).toBe(0);
  });

  test('partitions are added, and the old ones stay as they are', async () => {
    await node.admin.createTopics([spec('t', 2)], options);
    const before = topic('t')?.partitions;
    const results = await node.admin.createPartitions(
      [
        { name: 't', count: 300, assignments: null },
        { name: 'none', count: 3, assignments: null },
      ],
      options,
    );
    expect(codes(results)).toEqual(['NONE', 'UNKNOWN_TOPIC_OR_PARTITION']);
    expect(topic('t')?.partitions).toHaveLength(300);
    expect(topic('t')?.partitions.slice(0, 2)).toEqual(before);
  });

  test('many who ask for a missing topic share one creation', async () => {
    const before = (await store.read('')).revision;
    const results = await Promise.all(Array.from({ length: 20 }, () => node.admin.autoCreateTopic('t')));
    expect(new Set(results.map((each) => each.topicId)).size).toBe(1);
    expect(new Set(codes(results))).toEqual(new Set(['NONE']));
    expect((await store.read('')).revision).toBe(before + 1);
    expect(await node.admin.autoCreateTopic('t')).toMatchObject({
      errorCode: 0,
      topicId: results[0]?.topicId,
      partitionCount: 3,
    });
  });

  test('an automatic creation that meets another creation is no error', async () => {
    const [created, automatic] = await Promise.all([
      node.admin.createTopics([spec('t', 5)], options),
      node.admin.autoCreateTopic('t'),
    ]);
    const all = [...created, automatic].filter((each) => each.errorCode === 0);
    expect(all.length).toBeGreaterThanOrEqual(1);
    expect(automatic.errorCode).toBe(0);
    expect(automatic.topicId).toBe(topic('t')?.topicId);
  });

  test('the offsets topic gets its own shape, with as many replicas as there are brokers', async () => {
    const created = await node.admin.ensureInternalTopic('__consumer_offsets');
    expect(created).toMatchObject({ errorCode: 0, partitionCount: 50, replicationFactor: 1 });
    expect(Object.fromEntries(node.loader.image().configs.get('topic/__consumer_offsets') ?? [])).toEqual({
      'cleanup.policy': 'compact',
      'compression.type': 'producer',
      'segment.bytes': '104857600',
    });
    expect((await node.admin.autoCreateTopic('__consumer_offsets')).topicId).toBe(created.topicId);
  });

  test('a thousand topics at once', async () => {
    const names = Array.from({ length: 1000 }, (_, index) => `topic-${index}`);
    expect(
      new Set(
        codes(
          await node.admin.createTopics(
            names.map((name) => spec(name, 1)),
            options,
          ),
        ),
      ),
    ).toEqual(new Set(['NONE']));
    expect(node.loader.image().topicsByName.size).toBe(1000);
    expect(new Set(codes(await node.admin.deleteTopics(names, options)))).toEqual(new Set(['NONE']));
    expect(node.loader.image().topicsByName.size).toBe(0);
  });
});

test('an explicit replication factor of the offsets topic is obeyed, even where it cannot be had', async () => {
  const store = openSqliteMetadataStore({ path: ':memory:' });
  const config = { 'offsets.topic.replication.factor': '3' };
  const node = await startMetadataNode({ store, clock: createNodeClock(), random: seededRandom(1), config });
  expect((await node.admin.ensureInternalTopic('__consumer_offsets')).errorCode).toBe(
    ErrorCode.INVALID_REPLICATION_FACTOR,
  );
  await node.stop();
  await store.close();
});

test('only the controller changes topics', async () => {
  const store = openSqliteMetadataStore({ path: ':memory:' });
  const shared = { store, clock: createNodeClock(), random: seededRandom(1) };
  const nodes = [
    await startMetadataNode({ ...shared, brokerId: 0 }),
    await startMetadataNode({ ...shared, brokerId: 1 }),
  ];
  expect(codes((await nodes[1]?.admin.createTopics([spec('t')], options)) ?? [])).toEqual(['NOT_CONTROLLER']);
  for (const node of nodes) await node.stop();
  await store.close();
});

describe('with the simulated store', () => {
  const cluster = (seed: number) => {
    const clock = new VirtualClock();
    const server = new SimStoreServer(clock);
    const random = seededRandom(seed);
    const store = () => new SimMetadataStore({ server, clock, random });
    return { clock, server, random, store };
  };

  test('an answer that comes too late is REQUEST_TIMED_OUT', async () => {
    const { clock, random, store } = cluster(1);
    const slow = store();
    const node = await clock.settle(startMetadataNode({ store: slow, clock, random }));
    slow.faults = { ...noStoreFaults, delayMsMax: 1_000_000 };
    expect(codes(await clock.settle(node.admin.createTopics([spec('t')], { ...options, timeoutMs: 100 })))).toEqual([
      'REQUEST_TIMED_OUT',
    ]);
  });

  test('whatever conflicts and lost answers there are, results are true and nothing is left over', async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const { clock, server, random, store } = cluster(seed);
      const client = store();
      const node = await clock.settle(startMetadataNode({ store: client, clock, random }));
      client.faults = { delayMsMax: 20, conflictChance: 100, lostAnswerChance: 100, brokenWatchChance: 50 };
      const alive = new Map<string, number>();
      const long = { timeoutMs: 500_000, validateOnly: false };
      for (let round = 0; round < 6; round++) {
        const names = ['a', 'b', 'c'];
        await clock.settle(
          Promise.all(
            names.map(async (name) => {
              const count = alive.get(name);
              if (count === undefined) {
                const asked = 1 + random.int(250);
                const [created] = await node.admin.createTopics([spec(name, asked)], long);
                expect([seed, created?.errorCode]).toEqual([seed, ErrorCode.NONE]);
                alive.set(name, asked);
              } else if (random.int(2) === 0) {
                const [added] = await node.admin.createPartitions(
                  [{ name, count: count + 120, assignments: null }],
                  long,
                );
                expect([seed, added?.errorCode]).toEqual([seed, ErrorCode.NONE]);
                alive.set(name, count + 120);
              } else {
                const [deleted] = await node.admin.deleteTopics([name], long);
                // Where the answer of a deletion was lost and its sweep was faster than the read back, it looks as if another did it.
                expect([ErrorCode.NONE, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]).toContain(deleted?.errorCode);
                alive.delete(name);
              }
            }),
          ),
          1_000_000,
        );
        const shown = [...node.loader.image().topicsByName.values()].map((each) => [each.name, each.partitions.length]);
        expect(new Map(shown as [string, number][])).toEqual(alive);
      }
      await clock.settle(node.controller.stop());
      client.faults = noStoreFaults;
      await clock.settle(node.loader.whenApplied(server.revision));
      const state = node.loader.state();
      expect([seed, state && leftoverPartitions(state)]).toEqual([seed, new Map()]);
      expect(node.failures).toEqual([]);
    }
  });

  test('a broker that crashed while it created, extended or deleted leaves each topic whole or gone', async () => {
    let cutShort = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const { clock, server, random, store } = cluster(seed);
      const client = store();
      const node = await clock.settle(startMetadataNode({ store: client, clock, random }));
      await clock.settle(node.admin.createTopics([spec('old', 10), spec('gone', 250)], options));
      client.faults = { ...noStoreFaults, delayMsMax: 20 };
      void node.admin.createTopics([spec('new', 350)], options);
      void node.admin.createPartitions([{ name: 'old', count: 300, assignments: null }], options);
      void node.admin.deleteTopics(['gone'], options);
      await clock.pass(random.int(160));
      await client.close();
      const stored = server.entries('partitions/').length;
      await clock.run(() => server.entries('live/').length === 0);
      const next = await clock.settle(startMetadataNode({ store: store(), clock, random }));
      await clock.pass(1000);
      const { topicsByName, deletions } = next.loader.image();
      const counts = ['old', 'new', 'gone'].map((name) => topicsByName.get(name)?.partitions.length ?? 0);
      expect([10, 300]).toContain(counts[0]);
      expect([0, 350]).toContain(counts[1]);
      expect([0, 250]).toContain(counts[2]);
      expect(deletions.size).toBe(0);
      expect(server.entries('partitions/')).toHaveLength(counts.reduce((sum, count) => sum + count, 0));
      if (stored !== counts.reduce((sum, count) => sum + count, 0)) cutShort += 1;
      await clock.settle(next.stop('crash'));
    }
    // In many of them the crash left something to be swept.
    expect(cutShort).toBeGreaterThan(20);
  });

  test('a new controller elects, sweeps what the old one left, and the old one can write no more', async () => {
    const { clock, server, random, store } = cluster(5);
    const stores = [store(), store(), store()];
    const nodes: MetadataNode[] = [];
    for (const [brokerId, each] of stores.entries())
      nodes.push(await clock.settle(startMetadataNode({ store: each, clock, random, brokerId })));
    const [old, next] = nodes;
    if (old === undefined || next === undefined) throw new Error('three nodes were started');
    const [created] = await clock.settle(old.admin.createTopics([spec('t', 6, { replicationFactor: 3 })], options));
    expect(created?.errorCode).toBe(ErrorCode.NONE);
    server.commit({
      conditions: [],
      operations: [
        {
          type: 'put',
          key: 'partitions/left-over/0',
          value: JSON.stringify({
            replicas: [0],
            addingReplicas: [],
            removingReplicas: [],
            isr: [0],
            elr: [],
            lastKnownElr: [],
            leader: 0,
            leaderEpoch: 0,
            partitionEpoch: 0,
          }),
        },
      ],
    });
    stores[0]?.cutOff(true);
    await clock.run(() => server.entries('live/0').length === 0);
    await clock.run(
      () =>
        next.loader
          .image()
          .topicsByName.get('t')
          ?.partitions.every((each) => each.leader > 0) === true,
    );
    await clock.run(() => server.entries('partitions/left-over/').length === 0);
    const partitions = next.loader.image().topicsByName.get('t')?.partitions ?? [];
    for (const partition of partitions) {
      expect(partition.isr).not.toContain(0);
      expect(partition.leaderEpoch).toBe(partition.replicas[0] === 0 ? 1 : 0);
    }
    expect([1, 2]).toContain(next.loader.image().controllerId);
    stores[0]?.cutOff(false);
    const late = old.admin.createTopics([spec('late')], { ...options, timeoutMs: 5000 });
    expect(codes(await clock.settle(late))).toEqual(['NOT_CONTROLLER']);
    expect(server.entries('topics/').map((entry) => entry.key)).toEqual(['topics/t']);
  });
});
