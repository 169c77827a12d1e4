import type { TopicDescription } from '@ks/client';
import { expect, test } from 'vitest';
import { clusterHealth } from './cluster-health.ts';

const cluster = {
  clusterId: 'c',
  controllerId: 1,
  brokers: [1, 2].map((nodeId) => ({ nodeId, host: 'h', port: 9092, rack: null })),
};
const topic = (partitions: readonly Partial<TopicDescription['partitions'][number]>[]): TopicDescription => ({
  name: 'orders',
  topicId: undefined,
  isInternal: false,
  partitionCount: partitions.length,
  replicationFactor: 2,
  partitions: partitions.map((one, partition) => ({
    partition,
    leaderId: 1,
    leaderEpoch: 0,
    replicas: [1, 2],
    isr: [1, 2],
    offlineReplicas: [],
    ...one,
  })),
});
const bad = (checks: ReturnType<typeof clusterHealth>) =>
  checks.filter(({ isHealthy }) => !isHealthy).map(({ check, detail }) => `${check} ${detail}`);

test('a whole cluster is healthy', () => {
  expect(bad(clusterHealth(cluster, [topic([{}, {}])]))).toEqual([]);
});

test('each fault is told apart, with the partitions it is in', () => {
  const faulty = topic([{ leaderId: -1, isr: [] }, { isr: [1] }, { isr: [1], offlineReplicas: [2] }, {}]);
  expect(bad(clusterHealth({ ...cluster, controllerId: -1 }, [faulty]))).toEqual([
    'controller none',
    'partitions without a leader 1 of 4: orders:0',
    'under-replicated partitions 3 of 4: orders:0, orders:1, orders:2',
    'partitions with offline replicas 1 of 4: orders:2',
  ]);
});

test('of many faulty partitions some are named', () => {
  const [, , leaderless] = clusterHealth(cluster, [topic(Array.from({ length: 9 }, () => ({ leaderId: -1 })))]);
  expect(leaderless?.detail).toBe('9 of 9: orders:0, orders:1, orders:2, orders:3, orders:4, ...');
});
