import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MetadataCluster } from '../../tests/metadata-cluster.ts';
import { seededRandom } from '../../tests/virtual-clock.ts';
import { mayLead } from '../core/metadata/image.ts';
import { noStoreFaults } from '../sim/sim-metadata-store.ts';

const TTL_MS = 9000;
const three = { 'leader.imbalance.check.interval.seconds': '60' };

describe('a cluster of three', () => {
  let cluster: MetadataCluster;
  beforeEach(async () => {
    cluster = new MetadataCluster();
    for (const id of [0, 1, 2]) await cluster.start(id, { config: three });
    await cluster.create('t', 6, 3);
  });
  afterEach(() => cluster.stop());
  const partitions = () => cluster.image().topicsByName.get('t')?.partitions ?? [];
  const leaders = () => partitions().map(({ leader }) => leader);

  test('elects others when a broker dies, one epoch on, and takes it out of every in-sync set', async () => {
    const led = partitions().filter(({ leader }) => leader === 2);
    expect(led).toHaveLength(2);
    await cluster.nodes.get(2)?.crash();
    await cluster.until(() => !leaders().includes(2), TTL_MS + 2000);
    for (const { partitionIndex } of led) {
      const { leaderEpoch, isr } = cluster.partition('t', partitionIndex);
      expect([leaderEpoch, [...isr].sort()]).toEqual([1, [0, 1]]);
    }
    expect(partitions().every(({ isr }) => !isr.includes(2))).toBe(true);
  });

  test('has another controller soon after the death of one, which goes on electing', async () => {
    const first = cluster.image().controllerId;
    await cluster.controller().crash();
    await cluster.until(
      () => cluster.image().controllerId >= 0 && cluster.image().controllerId !== first,
      TTL_MS + 2000,
    );
    await cluster.until(() => !leaders().includes(first), 2000);
    expect(leaders().includes(-1)).toBe(false);
  });

  test('moves leadership away from a broker that is about to stop, and gives it nothing new', async () => {
    const leaving = cluster.nodes.get(1);
    await cluster.clock.settle(leaving?.registration.beginControlledShutdown() ?? Promise.resolve());
    await cluster.until(() => !leaders().includes(1), 1000);
    expect(partitions().every(({ isr }) => !isr.includes(1))).toBe(true);
    expect(cluster.broker(1)).toMatchObject({ fenced: false, inControlledShutdown: true });
    expect(cluster.broker(1)?.brokerEpoch).toBe(leaving?.registration.brokerEpoch);
    await cluster.create('u', 6, 2);
    expect(
      cluster
        .image()
        .topicsByName.get('u')
        ?.partitions.flatMap(({ replicas }) => replicas),
    ).not.toContain(1);
  });

  test('moves leadership back to preferred replicas by itself, and not before they are in sync', async () => {
    await cluster.nodes.get(2)?.crash();
    await cluster.until(() => !leaders().includes(2), TTL_MS + 2000);
    await cluster.start(2, { previousBrokerEpoch: -1 });
    await cluster.clock.pass(130_000);
    expect(leaders()).not.toContain(2);
    for (const { partitionIndex, isr } of partitions()) await cluster.writeIsr('t', partitionIndex, [...isr, 2]);
    await cluster.until(() => leaders().filter((leader) => leader === 2).length === 2, 70_000);
    expect(partitions().every(({ leader, replicas }) => leader === replicas[0])).toBe(true);
  });

  test('ends a move when the new replicas are in sync, whoever is the controller by then', async () => {
    await cluster.start(3);
    const from = cluster.partition('t', 0);
    const target = [3, ...from.replicas.slice(1)];
    const asked = [{ topic: 't', partitionIndex: 0, replicas: target }];
    const moving = cluster.controller().cluster.reassign(asked, { timeoutMs: 10_000, mayChangeFactor: true });
    expect((await cluster.clock.settle(moving)).map(({ errorCode }) => errorCode)).toEqual([0]);
    await cluster.until(() => cluster.partition('t').addingReplicas.length > 0, 1000);
    expect(cluster.partition('t')).toMatchObject({ addingReplicas: [3], removingReplicas: [from.replicas[0]] });
    const first = cluster.image().controllerId;
    await cluster.controller().crash();
    const elected = () => cluster.image().controllerId;
    await cluster.until(() => elected() >= 0 && elected() !== first, TTL_MS + 2000);
    await cluster.clock.pass(1000);
    await cluster.writeIsr('t', 0, [...cluster.partition('t').isr, 3]);
    await cluster.until(() => cluster.partition('t').addingReplicas.length === 0, 2000);
    expect(cluster.partition('t').replicas).toEqual(target);
    expect(cluster.partition('t').removingReplicas).toEqual([]);
  });

  test('compacts the store to what was five to ten minutes ago', async () => {
    await cluster.clock.pass(301_000);
    const early = cluster.server.revision;
    await cluster.create('u', 1, 1);
    await cluster.clock.pass(300_000);
    const watch = (from: number) => () => cluster.server.history(from, 1);
    expect(watch(early - 1)).toThrow('forgotten');
    expect(watch(early)).not.toThrow();
  });
});

test('a broker that lost its lease registers anew: fenced meanwhile, another epoch, and no unclean birth', async () => {
  const cluster = new MetadataCluster();
  await cluster.start(0);
  const node = await cluster.start(1);
  await cluster.create('t', 2, 2);
  const before = node.registration.brokerEpoch;
  node.store.cutOff(true);
  await cluster.clock.pass(TTL_MS - 3000 - 1);
  expect(node.registration.isFenced()).toBe(false);
  await cluster.clock.pass(3100);
  expect(node.registration.isFenced()).toBe(true);
  await cluster.until(() => cluster.broker(1)?.fenced === true, TTL_MS);
  node.store.cutOff(false);
  await cluster.until(() => cluster.broker(1)?.fenced === false, TTL_MS);
  expect(node.registration.isFenced()).toBe(false);
  expect(node.registration.brokerEpoch).toBeGreaterThan(before);
  expect(cluster.broker(1)).toMatchObject({ brokerEpoch: node.registration.brokerEpoch, uncleanBirth: false });
  await cluster.stop();
});

describe('an id that is taken', () => {
  test('is taken over at once by the process that holds the same log directory', async () => {
    const cluster = new MetadataCluster();
    await cluster.start(0);
    await (await cluster.start(1, { logDirIds: ['d1'] })).crash();
    const beganMs = cluster.clock.monotonicMs();
    await cluster.start(1, { logDirIds: ['d1', 'd2'] });
    expect(cluster.clock.monotonicMs() - beganMs).toBeLessThan(1000);
    expect(cluster.broker(1)).toMatchObject({ fenced: false, uncleanBirth: true });
    await cluster.stop();
  });

  test('is waited for where the predecessor had other directories, and refused while it lives', async () => {
    const cluster = new MetadataCluster();
    await cluster.start(0);
    const first = await cluster.start(1, { logDirIds: ['d1'] });
    await expect(cluster.start(1, { logDirIds: ['d2'] })).rejects.toThrow(
      'broker 1 is running in this cluster already',
    );
    cluster.nodes.set(1, first);
    await first.crash();
    const beganMs = cluster.clock.monotonicMs();
    await cluster.start(1, { logDirIds: ['d2'] });
    expect(cluster.clock.monotonicMs() - beganMs).toBeGreaterThan(3000);
    await cluster.stop();
  });
});

test('whoever dies, is cut off or restarts, with lost answers and conflicts: every partition gets a leader by right, and epochs never go back', async () => {
  for (let seed = 1; seed <= 15; seed++) {
    const cluster = new MetadataCluster(seed);
    const random = seededRandom(seed * 7);
    cluster.faults = {
      ...noStoreFaults,
      delayMsMax: 20,
      lostAnswerChance: 50,
      conflictChance: 50,
      brokenWatchChance: 50,
    };
    const epochs = new Map<number, number>();
    for (const id of [0, 1, 2]) epochs.set(id, (await cluster.start(id)).registration.brokerEpoch);
    await cluster.create('t', 5, 3);
    const highest = new Map<number, number>();
    for (let step = 0; step < 12; step++) {
      const id = random.int(3);
      const node = cluster.nodes.get(id);
      const action = random.int(4);
      if (node === undefined) {
        const isClean = random.int(2) === 0;
        const previousBrokerEpoch = isClean ? (epochs.get(id) ?? -1) : -1;
        const started = await cluster.start(id, { logDirIds: [`d${id}`], previousBrokerEpoch });
        epochs.set(id, started.registration.brokerEpoch);
      } else if (action === 0 && cluster.nodes.size > 1) {
        epochs.set(id, node.registration.brokerEpoch);
        await node.crash();
      } else if (action === 1) node.store.cutOff(true);
      else if (action === 2) node.store.cutOff(false);
      await cluster.clock.pass(random.int(12_000));
      for (const { loader } of cluster.nodes.values()) {
        for (const { partitionIndex, leaderEpoch } of loader.image().topicsByName.get('t')?.partitions ?? []) {
          const key = partitionIndex;
          highest.set(key, Math.max(highest.get(key) ?? 0, leaderEpoch));
        }
      }
    }
    for (const node of cluster.nodes.values()) node.store.cutOff(false);
    for (const id of [0, 1, 2]) if (!cluster.nodes.has(id)) await cluster.start(id, { logDirIds: [`d${id}`] });
    const isSettled = () => {
      const { brokers, topicsByName, revision } = cluster.image();
      if (revision < cluster.server.revision) return false;
      return (topicsByName.get('t')?.partitions ?? []).every((partition) => {
        const leader = brokers.get(partition.leader);
        return leader !== undefined && mayLead(partition, leader) && !leader.fenced;
      });
    };
    await cluster.until(isSettled, 120_000);
    for (const { partitionIndex, leaderEpoch } of cluster.image().topicsByName.get('t')?.partitions ?? []) {
      expect(leaderEpoch).toBeGreaterThanOrEqual(highest.get(partitionIndex) ?? 0);
    }
    expect([...cluster.nodes.values()].flatMap(({ failures }) => failures)).toEqual([]);
    await cluster.stop();
  }
}, 60_000);
