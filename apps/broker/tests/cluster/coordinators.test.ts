import {
  CreateTopics,
  DeleteTopics,
  ErrorCode,
  FindCoordinator,
  InitProducerId,
  OffsetCommit,
  OffsetFetch,
} from '@ks/protocol';
import { afterEach, expect, test } from 'vitest';
import { ask, until } from './ask.ts';
import { TestCluster } from './test-cluster.ts';

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function started(): Promise<TestCluster> {
  const cluster = await TestCluster.start();
  closers.push(() => cluster[Symbol.asyncDispose]());
  const topics = [{ name: 't', numPartitions: 1, replicationFactor: 3, assignments: [], configs: [] }];
  await ask(cluster.portOf(2), CreateTopics, { topics, timeoutMs: 9000, validateOnly: false });
  return cluster;
}

/** The broker that coordinates a group (0) or a transactional id (1), asked of another one. */
async function coordinatorOf(cluster: TestCluster, keyType: number, key: string): Promise<number> {
  return until(async () => {
    const [first = 1, second = first] = cluster.running;
    for (const brokerId of [second, first]) {
      const { coordinators } = await ask(cluster.portOf(brokerId), FindCoordinator, {
        keyType,
        coordinatorKeys: [key],
      });
      const [found] = coordinators;
      if (found?.errorCode === 0 && cluster.running.includes(found.nodeId)) return found.nodeId;
    }
    return undefined;
  });
}

const commit = async (cluster: TestCluster, groupId: string, committedOffset: number): Promise<number> => {
  const port = cluster.portOf(await coordinatorOf(cluster, 0, groupId));
  const partitions = [{ partitionIndex: 0, committedOffset, committedMetadata: '' }];
  const member = { groupId, generationIdOrMemberEpoch: -1, memberId: '' };
  const answer = await ask(port, OffsetCommit, { ...member, topics: [{ name: 't', partitions }] }, 9);
  return answer.topics[0]?.partitions[0]?.errorCode ?? -1;
};
const committed = async (port: number, groupId: string) => {
  const groups = [{ groupId, topics: [{ name: 't', partitionIndexes: [0] }] }];
  const answer = await ask(port, OffsetFetch, { groups, requireStable: true }, 9);
  const [group] = answer.groups;
  return { errorCode: group?.errorCode, offset: group?.topics[0]?.partitions[0]?.committedOffset };
};

test('a group’s offsets outlive its coordinator, whichever broker that is', async () => {
  const cluster = await started();
  await until(async () => (await commit(cluster, 'g', 7)) === 0);
  const first = await coordinatorOf(cluster, 0, 'g');
  const other = cluster.running.find((brokerId) => brokerId !== first) ?? 0;
  expect(await committed(cluster.portOf(other), 'g')).toMatchObject({ errorCode: ErrorCode.NOT_COORDINATOR });
  await cluster.kill(first);
  const second = await coordinatorOf(cluster, 0, 'g');
  expect(second).not.toBe(first);
  const found = await until(async () => {
    const answer = await committed(cluster.portOf(second), 'g');
    return answer.errorCode === 0 && answer;
  });
  expect(found.offset).toBe(7);
  await until(async () => (await commit(cluster, 'g', 8)) === 0);
  await cluster.restart(first);
  const gone = { topics: [{ name: 't', topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }], timeoutMs: 9000 };
  expect((await ask(cluster.portOf(first), DeleteTopics, gone)).responses[0]?.errorCode).toBe(0);
  await until(async () => {
    const port = cluster.portOf(await coordinatorOf(cluster, 0, 'g'));
    const answer = await committed(port, 'g');
    return answer.errorCode === 0 && answer.offset === -1;
  });
  expect(cluster.failures).toEqual([]);
});

test('a transactional id keeps its producer id and gets a higher epoch from the next coordinator; producer ids are given once', async () => {
  const cluster = await started();
  const init = async (transactionalId: string | null) => {
    const brokerId =
      transactionalId === null ? (cluster.running[0] ?? 1) : await coordinatorOf(cluster, 1, transactionalId);
    const producer = { transactionalId, transactionTimeoutMs: 60_000, producerId: -1, producerEpoch: -1 };
    return until(async () => {
      const answer = await ask(cluster.portOf(brokerId), InitProducerId, producer, 5);
      return answer.errorCode === 0 && answer;
    });
  };
  const first = await init('tx');
  const coordinator = await coordinatorOf(cluster, 1, 'tx');
  await cluster.kill(coordinator);
  const second = await init('tx');
  expect(second.producerId).toBe(first.producerId);
  expect(second.producerEpoch).toBeGreaterThan(first.producerEpoch);
  const plain = await Promise.all([init(null), init(null)]);
  await cluster.restart(coordinator);
  const ids = [first.producerId, ...plain.map(({ producerId }) => producerId), (await init('other')).producerId];
  expect(new Set(ids).size).toBe(ids.length);
});
