import type { TopicDescription } from '@ks/client';
import { expect, test } from 'vitest';
import { planDecommission } from './plan-decommission.ts';

const topicOf = (name: string, ...all: readonly (readonly number[])[]): TopicDescription => ({
  ...{ name, topicId: undefined, isInternal: false, partitionCount: all.length, replicationFactor: 2 },
  partitions: all.map((replicas, partition) => ({
    ...{ partition, leaderId: replicas[0] ?? -1, leaderEpoch: 0, replicas, isr: replicas, offlineReplicas: [] },
  })),
});
const takers = (...racks: readonly (string | null)[]) => racks.map((rack, index) => ({ nodeId: index + 1, rack }));
const targets = (...args: Parameters<typeof planDecommission>) => planDecommission(...args).map(({ target }) => target);

test('what a broker holds goes where the least is, and only that moves, in its place', () => {
  const topics = [topicOf('a', [9, 1], [1, 9], [1, 2]), topicOf('b', [2, 1])];
  expect(targets(9, takers(null, null, null), topics)).toEqual([
    [3, 1],
    [1, 3],
  ]);
  expect(planDecommission(9, takers(null, null, null), topics)).toMatchObject([
    { topic: 'a', partition: 0, replicas: [9, 1], to: 3 },
    { topic: 'a', partition: 1, replicas: [1, 9], to: 3 },
  ]);
});

test('racks that have no replica of the partition come first', () => {
  const inRacks = takers('x', 'x', 'y');
  expect(targets(9, inRacks, [topicOf('a', [9, 1], [9, 3]), topicOf('b', [3, 3], [3, 3])])).toEqual([
    [3, 1],
    [2, 3],
  ]);
  // Where there is none any rack will do.
  expect(targets(9, takers('x', 'x'), [topicOf('a', [9, 1])])).toEqual([[2, 1]]);
});

test('a broker that holds nothing has nothing to move; one without which there are too few keeps everything', () => {
  expect(targets(9, takers(null), [topicOf('a', [1])])).toEqual([]);
  expect(() => targets(9, takers(null), [topicOf('a', [9, 1])])).toThrow('a-0 has 2 replicas');
});
