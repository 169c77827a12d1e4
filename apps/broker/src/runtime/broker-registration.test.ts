import { describe, expect, test, vi } from 'vitest';
import { KeptLog, type MetadataNode, startMetadataNode } from '../../tests/metadata-harness.ts';
import { seededRandom } from '../../tests/virtual-clock.ts';
import { createNodeClock } from '../adapters/node-clock.ts';
import { openSqliteMetadataStore } from '../adapters/sqlite-metadata-store.ts';
import { emptyClusterImage } from '../core/metadata/image.ts';
import type { MetadataStore } from '../ports/metadata-store.ts';
import { requireKnownLevels } from './known-levels.ts';
import { ensureCluster, registerBroker, RegistrationError } from './broker-registration.ts';

const clock = createNodeClock();
const random = seededRandom(1);
const embedded = () => openSqliteMetadataStore({ path: ':memory:' });
const admin = { timeoutMs: 10_000, validateOnly: false };
const spec = (name: string, partitionCount = 1) => ({
  name,
  partitionCount,
  replicationFactor: -1,
  assignments: [],
  configs: [],
});

describe('the cluster id', () => {
  test('is made once and stays', async () => {
    const store = embedded();
    const none = { clusterId: undefined, features: new Map([['group.version', 1]]) };
    const first = await ensureCluster(store, random, none);
    expect(first).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(await ensureCluster(store, random, none)).toBe(first);
    expect(await ensureCluster(store, random, { ...none, clusterId: first })).toBe(first);
    expect(JSON.parse((await store.read('cluster')).entries[0]?.value ?? '')).toMatchObject({
      features: { 'group.version': 1 },
    });
    await store.close();
  });

  test('is the one of the log directories where the store has none', async () => {
    const store = embedded();
    expect(await ensureCluster(store, random, { clusterId: 'AAAAAAAAAAAAAAAAAAAAAg', features: new Map() })).toBe(
      'AAAAAAAAAAAAAAAAAAAAAg',
    );
    await store.close();
  });

  test('of the log directories must be that of the store', async () => {
    const store = embedded();
    const stored = await ensureCluster(store, random, { clusterId: undefined, features: new Map() });
    const other = ensureCluster(store, random, { clusterId: 'AAAAAAAAAAAAAAAAAAAAAg', features: new Map() });
    await expect(other).rejects.toThrow(new RegExp(`cluster AAAAAAAAAAAAAAAAAAAAAg.*cluster ${stored}`));
    await store.close();
  });

  test('comes with features that an older release did not know; what was switched off stays off', async () => {
    const store = embedded();
    const before = { clusterId: undefined, features: new Map([['switched.off', 0]]) };
    const clusterId = await ensureCluster(store, random, before);
    const features = new Map([
      ['switched.off', 1],
      ['added', 2],
    ]);
    expect(await ensureCluster(store, random, { clusterId, features })).toBe(clusterId);
    expect(JSON.parse((await store.read('cluster')).entries[0]?.value ?? '')).toMatchObject({
      features: { 'switched.off': 0, added: 2 },
    });
    await store.close();
  });

  test('is one for brokers that start at the same time', async () => {
    const store = embedded();
    const ids = await Promise.all(
      [1, 2, 3].map(() => ensureCluster(store, random, { clusterId: undefined, features: new Map() })),
    );
    expect(new Set(ids).size).toBe(1);
    await store.close();
  });
});

describe('feature levels', () => {
  const ranges = (maxVersion: number) => new Map([['transaction.version', { minVersion: 0, maxVersion }]]);
  const levelIn = async (store: MetadataStore) =>
    (JSON.parse((await store.read('cluster')).entries[0]?.value ?? '') as { features: object }).features;
  const raise = (node: MetadataNode, level: number, mayDowngrade = false) =>
    node.cluster.updateFeatures([{ feature: 'transaction.version', level, mayDowngrade }], admin);

  test('that a release does not know keep its brokers out, until they are lowered', async () => {
    const store = embedded();
    const first = await startMetadataNode({ store, clock, random, brokerId: 1 });
    expect(await raise(first, 2)).toMatchObject([{ errorCode: 0 }]);
    const old = () => startMetadataNode({ store, clock, random, brokerId: 2, features: ranges(1) });
    await expect(old()).rejects.toThrow(RegistrationError);
    await expect(old()).rejects.toThrow(
      'broker 2 cannot join: the cluster has feature transaction.version at level 2, this release knows 0 to 1',
    );
    expect((await store.read('live/2')).entries).toEqual([]);
    expect(await raise(first, 1, true)).toMatchObject([{ errorCode: 0 }]);
    const second = await old();
    for (const node of [second, first]) await node.stop();
    await store.close();
  });

  test('are not raised above what a broker of the cluster knows, be it away or not', async () => {
    const store = embedded();
    const first = await startMetadataNode({ store, clock, random, brokerId: 1 });
    const old = await startMetadataNode({ store, clock, random, brokerId: 2, features: ranges(1) });
    await first.loader.whenApplied(old.registration.brokerEpoch);
    const refused = { errorCode: 95, errorMessage: 'transaction.version: broker 2 does not know level 2' };
    expect(await raise(first, 2)).toMatchObject([refused]);
    expect(await raise(first, 1)).toMatchObject([{ errorCode: 0 }]);
    await old.stop();
    expect(await raise(first, 2)).toMatchObject([refused]);
    // Started anew with this release it may be raised.
    const upgraded = await startMetadataNode({ store, clock, random, brokerId: 2 });
    await first.loader.whenApplied(upgraded.registration.brokerEpoch);
    expect(await raise(first, 2)).toMatchObject([{ errorCode: 0 }]);
    expect(await levelIn(store)).toEqual({ 'transaction.version': 2 });
    for (const node of [upgraded, first]) await node.stop();
    await store.close();
  });

  test('of new features stay off where others belong to the cluster, who may not know them', async () => {
    const store = embedded();
    const features = new Map([['added', 2]]);
    const identity = { clusterId: undefined, features: new Map<string, number>() };
    const node = await startMetadataNode({ store, clock, random, brokerId: 1 });
    await ensureCluster(store, random, { ...identity, features, brokerId: 2 });
    expect(await levelIn(store)).toEqual({});
    await ensureCluster(store, random, { ...identity, features, brokerId: 1 });
    expect(await levelIn(store)).toEqual({ added: 2 });
    await node.stop();
    await store.close();
  });

  test('that rise while a broker of an older release joins end that broker', async () => {
    const image = { ...emptyClusterImage, features: new Map([['transaction.version', 2]]) };
    expect(() => requireKnownLevels(image)).not.toThrow();
    expect(() => requireKnownLevels(image, ranges(1))).toThrow(RegistrationError);
    expect(() => requireKnownLevels({ ...image, features: new Map([['none.such', 1]]) })).toThrow('does not have it');
    expect(() => requireKnownLevels({ ...image, features: new Map([['none.such', 0]]) })).not.toThrow();
  });
});

describe('registering', () => {
  test('makes the broker live and, as the first, the controller; ending it undoes both', async () => {
    const store = embedded();
    const node = await startMetadataNode({ store, clock, random });
    const image = node.loader.image();
    expect(image.brokers.get(0)).toMatchObject({
      brokerEpoch: node.registration.brokerEpoch,
      fenced: false,
      uncleanBirth: false,
    });
    expect(image.controllerId).toBe(0);
    expect(node.registration.deadlineMs()).toBe(Number.POSITIVE_INFINITY);
    const second = await startMetadataNode({ store, clock, random, brokerId: 1 });
    expect(second.loader.image().controllerId).toBe(0);
    await node.stop();
    expect((await store.read('')).entries.map((entry) => entry.key).sort()).toEqual([
      'cluster',
      'live/1',
      'registrations/0',
      'registrations/1',
    ]);
    await second.stop();
    await store.close();
  });

  test('twice under one id is refused in a clear line', async () => {
    const store = embedded();
    const node = await startMetadataNode({ store, clock, random, brokerId: 4 });
    const description = {
      ...{ brokerId: 4, endpoints: [], rack: null, host: 'h', logDirIds: [] },
      ...{ previousBrokerEpoch: -1, leaseTtlMs: 1 },
    };
    const again = registerBroker(store, random, description, { clock, logger: new KeptLog(), failed: () => {} });
    await expect(again).rejects.toThrow(RegistrationError);
    await expect(again).rejects.toThrow('broker 4 is running in this cluster already');
    expect(node.loader.image().brokers.get(4)?.fenced).toBe(false);
    await node.stop();
    await store.close();
  });
});

describe('a registration', () => {
  test('that somebody deleted is made anew, though its lease holds; the controller stands again', async () => {
    const store = embedded();
    const node = await startMetadataNode({ store, clock, random, brokerId: 1, leaseTtlMs: 60 });
    const before = node.registration.brokerEpoch;
    const [live] = (await store.read('live/1')).entries;
    expect(live?.createRevision).toBe(before);
    await store.commit({ conditions: [], operations: [{ type: 'delete', key: 'live/1' }] });
    const epochInForce = () => node.loader.image().brokers.get(1)?.brokerEpoch;
    await vi.waitFor(() => expect(epochInForce()).toBeGreaterThan(before), 10_000);
    await vi.waitFor(() => expect(node.loader.image().controllerId).toBe(1), 10_000);
    expect(node.registration.brokerEpoch).toBe(epochInForce());
    expect(node.loader.image().brokers.get(1)?.uncleanBirth).toBe(false);
    expect(node.failures).toEqual([]);
    await node.stop();
    expect((await store.read('live/1')).entries).toEqual([]);
    await store.close();
  });

  test('that is deleted at the end of a broker stays away', async () => {
    const store = embedded();
    const node = await startMetadataNode({ store, clock, random, brokerId: 1, leaseTtlMs: 200 });
    await store.commit({ conditions: [], operations: [{ type: 'delete', key: 'live/1' }] });
    await vi.waitFor(() => expect(node.loader.image().brokers.get(1)?.fenced).toBe(true), 10_000);
    await node.stop();
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect((await store.read('live/1')).entries).toEqual([]);
    await store.close();
  });
});

describe('a birth', () => {
  test('bumps the leader epoch of every partition before the first image', async () => {
    const store = embedded();
    const first = await startMetadataNode({ store, clock, random });
    await first.admin.createTopics([spec('t', 250), spec('u')], admin);
    const { brokerEpoch } = first.registration;
    await first.stop();
    const second = await startMetadataNode({ store, clock, random, previousBrokerEpoch: brokerEpoch });
    const partitions = [...(second.images[0]?.topicsByName.values() ?? [])].flatMap((topic) => topic.partitions);
    expect(partitions).toHaveLength(251);
    for (const partition of partitions) {
      expect(partition).toMatchObject({ leader: 0, leaderEpoch: 1, isr: [0] });
      expect(partition.modRevision).toBeGreaterThan(second.registration.brokerEpoch);
    }
    expect(second.loader.image().brokers.get(0)?.uncleanBirth).toBe(false);
    expect(second.metrics.sums.get('ks_unclean_elections_total')).toBeUndefined();
    expect(second.log.lines).toEqual([]);
    await second.stop();
    await store.close();
  });

  test('after an unclean stop elects the last known leader, and counts the possible loss', async () => {
    const store = embedded();
    const first = await startMetadataNode({ store, clock, random });
    await first.admin.createTopics([spec('t', 3)], admin);
    await first.stop();
    const second = await startMetadataNode({ store, clock, random, previousBrokerEpoch: -1 });
    expect(second.loader.image().brokers.get(0)?.uncleanBirth).toBe(true);
    expect(second.loader.image().topicsByName.get('t')?.partitions[2]).toMatchObject({
      leader: 0,
      leaderEpoch: 1,
      isr: [0],
      elr: [],
    });
    expect(second.metrics.sums.get('ks_unclean_elections_total')).toBe(3);
    await second.stop();
    await store.close();
  });

  test('that is clean does not make up for an unclean one before it', async () => {
    const store = embedded();
    const brokers = [];
    let previousBrokerEpoch = -1;
    for (const isClean of [false, false, true, true]) {
      const previous = isClean ? previousBrokerEpoch : -1;
      const node = await startMetadataNode({ store, clock, random, previousBrokerEpoch: previous });
      previousBrokerEpoch = node.registration.brokerEpoch;
      brokers.push(node.loader.image().brokers.get(0));
      await node.stop();
    }
    const uncleanEpoch = brokers[1]?.brokerEpoch;
    expect(brokers.map((broker) => [broker?.uncleanBirth, broker?.uncleanEpoch])).toEqual([
      [false, -1],
      [true, uncleanEpoch],
      [false, uncleanEpoch],
      [false, uncleanEpoch],
    ]);
    await store.close();
  });

  test('with a marker of an older life is unclean', async () => {
    const store = embedded();
    const epochs: number[] = [];
    for (const previous of [-1, 0, 0]) {
      const previousBrokerEpoch = previous === 0 ? (epochs[0] ?? -1) : previous;
      const node = await startMetadataNode({ store, clock, random, previousBrokerEpoch });
      epochs.push(node.registration.brokerEpoch);
      const expected = epochs.length === 3;
      expect(node.loader.image().brokers.get(0)?.uncleanBirth).toBe(expected);
      await node.stop();
    }
    await store.close();
  });
});
