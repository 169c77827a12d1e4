import { createCore } from '@ks/core-wasm';
import { CreateTopics, encodePlainRecordBatch, ErrorCode, Fetch, Metadata, Produce, ZERO_UUID } from '@ks/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import type { HostedPartition } from '../../src/runtime/replica-manager.ts';
import { bytesOfParts } from '../../src/ports/wire-part.ts';
import { ask, until } from './ask.ts';
import { TestCluster, type TestClusterOptions } from './test-cluster.ts';

const core = createCore();
const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function started(options: TestClusterOptions = {}): Promise<TestCluster> {
  const cluster = await TestCluster.start(options);
  closers.push(() => cluster[Symbol.asyncDispose]());
  return cluster;
}

async function createTopic(cluster: TestCluster, brokerIds: readonly number[]): Promise<void> {
  const topic = { name: 't', numPartitions: -1, replicationFactor: -1, configs: [] };
  const topics = [{ ...topic, assignments: [{ partitionIndex: 0, brokerIds: [...brokerIds] }] }];
  const created = await ask(cluster.portOf(1), CreateTopics, { topics, timeoutMs: 10_000, validateOnly: false });
  expect(created.topics[0]?.errorCode).toBe(0);
}

/** Appends a record for each value with acks=all, wherever the leader is, as often as it takes. */
async function produce(cluster: TestCluster, values: readonly string[]): Promise<void> {
  const record = (text: string) => ({ timestamp: Date.now(), key: null, value: new TextEncoder().encode(text) });
  for (const value of values) {
    const records = encodePlainRecordBatch([record(value)], { checksum: core });
    await until(async () => {
      const leader = await leaderOf(cluster);
      if (leader === undefined) return false;
      const topicData = [{ name: 't', partitionData: [{ index: 0, records }] }];
      const body = { transactionalId: null, acks: -1, timeoutMs: 10_000, topicData };
      const answer = await ask(cluster.portOf(leader), Produce, body, 9).catch(() => undefined);
      return answer?.responses[0]?.partitionResponses[0]?.errorCode === 0;
    });
  }
}

async function leaderOf(cluster: TestCluster): Promise<number | undefined> {
  const partition = await metadataOf(cluster);
  return partition !== undefined && cluster.running.includes(partition.leaderId) ? partition.leaderId : undefined;
}

async function metadataOf(cluster: TestCluster) {
  const [any = 0] = cluster.running;
  const { topics } = await ask(cluster.portOf(any), Metadata, { topics: null });
  return topics.find(({ name }) => name === 't')?.partitions[0];
}

function hosted(cluster: TestCluster, brokerId: number): HostedPartition | undefined {
  return [...cluster.broker(brokerId).partitions()].find(({ topic }) => topic === 't');
}

async function bytesOf(cluster: TestCluster, brokerId: number): Promise<Uint8Array> {
  const partition = hosted(cluster, brokerId);
  if (partition === undefined) throw new Error(`broker ${brokerId} has no replica`);
  const { log } = partition;
  const read = await log.read(0, 10_000_000, log.logEndOffset, { minOneBatch: true });
  if (read.type !== 'records') throw new Error('the log cannot be read');
  return bytesOfParts(read.parts);
}

describe('replicas of three brokers', () => {
  test('lose nothing that was acknowledged when leader after leader is killed, and end up the same, byte for byte', async () => {
    const cluster = await started();
    await createTopic(cluster, [1, 2, 3]);
    const values = (from: number) => Array.from({ length: 20 }, (_, index) => `value-${from + index}`);
    await produce(cluster, values(0));
    for (const [round, from] of [20, 40].entries()) {
      const leader = await until(() => leaderOf(cluster));
      await cluster.kill(leader);
      await produce(cluster, values(from));
      await cluster.restart(leader);
      await until(async () => (await metadataOf(cluster))?.isrNodes.length === 3);
      expect(round).toBeLessThan(2);
    }
    await until(async () =>
      cluster.brokerIds.every((id) => hosted(cluster, id)?.highWatermark === hosted(cluster, 1)?.logEndOffset),
    );
    const bytes = await bytesOf(cluster, 1);
    for (const id of [2, 3]) expect(await bytesOf(cluster, id)).toEqual(bytes);
    const text = new TextDecoder('latin1').decode(bytes);
    // A retry after a lost answer may double a record; none may be missing.
    for (const value of [...values(0), ...values(20), ...values(40)]) expect(text).toContain(value);
    expect(cluster.failures).toEqual([]);
  });

  test('refuse what asks as a replica without being one, and name the reader’s nearest', async () => {
    const cluster = await started({
      config: { 'replica.selector.class': 'org.apache.kafka.common.replica.RackAwareReplicaSelector' },
      configOf: (brokerId) => ({ 'broker.rack': `rack-${brokerId}` }),
    });
    await createTopic(cluster, [1, 2, 3]);
    await produce(cluster, ['a']);
    const fetch = async (replicaId: number, replicaEpoch: number, rackId: string) => {
      const partitions = [{ partition: 0, fetchOffset: 0, currentLeaderEpoch: -1, partitionMaxBytes: 1_000_000 }];
      const { topics } = await ask(cluster.portOf(1), Metadata, { topics: null });
      const topicId = topics[0]?.topicId ?? ZERO_UUID;
      const limits = { maxWaitMs: 0, minBytes: 1, maxBytes: 1_000_000 };
      const state = { replicaState: { replicaId, replicaEpoch }, rackId };
      const body = { ...limits, ...state, topics: [{ topicId, partitions }], forgottenTopicsData: [] };
      return (await ask(cluster.portOf(1), Fetch, body)).responses[0]?.partitions[0];
    };
    expect((await fetch(2, 0, ''))?.errorCode).toBe(ErrorCode.STALE_BROKER_EPOCH);
    expect((await fetch(9, 1, ''))?.errorCode).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    expect(await fetch(-1, -1, 'rack-3')).toMatchObject({ errorCode: 0, preferredReadReplica: 3 });
    expect((await fetch(-1, -1, 'rack-3'))?.records).toHaveLength(0);
  });
});
