import { CreateTopics, DescribeCluster, Metadata } from '@ks/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import { ask, until } from './ask.ts';
import { TestCluster, type TestClusterOptions } from './test-cluster.ts';

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function started(options: TestClusterOptions = {}): Promise<TestCluster> {
  const cluster = await TestCluster.start(options);
  closers.push(() => cluster[Symbol.asyncDispose]());
  return cluster;
}

describe('three brokers in one process', () => {
  test('know each other, whichever is asked, and agree on the controller', async () => {
    const cluster = await started();
    const asked = await Promise.all(
      cluster.brokerIds.map((brokerId) =>
        ask(cluster.portOf(brokerId), DescribeCluster, { includeClusterAuthorizedOperations: false }),
      ),
    );
    const [first] = asked;
    expect(first?.brokers.map(({ brokerId, port }) => [brokerId, port])).toEqual(
      cluster.brokerIds.map((brokerId) => [brokerId, cluster.portOf(brokerId)]),
    );
    for (const each of asked) expect(each).toEqual(first);
    expect(first?.controllerId).toBe(1);
  });

  test('spread a topic over themselves', async () => {
    const cluster = await started();
    const topics = [{ name: 't', numPartitions: 3, replicationFactor: 3, assignments: [], configs: [] }];
    const created = await ask(cluster.portOf(1), CreateTopics, { topics, timeoutMs: 10_000, validateOnly: false });
    expect(created.topics.map(({ errorCode }) => errorCode)).toEqual([0]);
    const partitions = await until(async () => {
      const { topics: seen } = await ask(cluster.portOf(2), Metadata, { topics: null });
      return seen[0]?.partitions;
    });
    expect(partitions.map(({ leaderId }) => leaderId).sort()).toEqual([1, 2, 3]);
    expect(partitions.map(({ isrNodes }) => [...isrNodes].sort())).toEqual([
      [1, 2, 3],
      [1, 2, 3],
      [1, 2, 3],
    ]);
  });
});
