import { CreateTopics, DescribeCluster, ErrorCode, FindCoordinator, Metadata } from '@ks/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, until } from './ask.ts';
import { TestCluster } from './test-cluster.ts';

// Brokers talk to each other by one listener and to clients by another, which the third broker does not have.

let cluster: TestCluster;
const portOf = (brokerId: number, name: string): number => {
  const listener = cluster.broker(brokerId).listeners.find((each) => each.name === name);
  if (listener === undefined) throw new Error(`broker ${brokerId} has no ${name}`);
  return listener.port;
};

beforeAll(async () => {
  cluster = await TestCluster.start({
    config: {
      'listener.security.protocol.map': 'INTERNAL:PLAINTEXT,EXTERNAL:PLAINTEXT',
      'inter.broker.listener.name': 'INTERNAL',
    },
    configOf: (brokerId) =>
      brokerId === 3
        ? { listeners: 'INTERNAL://127.0.0.1:0' }
        : {
            listeners: 'INTERNAL://127.0.0.1:0,EXTERNAL://127.0.0.1:0',
            'advertised.listeners': `EXTERNAL://broker-${brokerId}.example:0`,
          },
  });
  const topics = [{ name: 't', numPartitions: 3, replicationFactor: 3, assignments: [], configs: [] }];
  await ask(portOf(2, 'EXTERNAL'), CreateTopics, { topics, timeoutMs: 9000, validateOnly: false });
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

test('clients are told the addresses of the listener they came by, as they are advertised', async () => {
  const inside = await ask(portOf(1, 'INTERNAL'), DescribeCluster, { includeClusterAuthorizedOperations: false });
  expect(inside.brokers.map(({ brokerId, host, port }) => [brokerId, host, port])).toEqual(
    [1, 2, 3].map((brokerId) => [brokerId, '127.0.0.1', portOf(brokerId, 'INTERNAL')]),
  );
  const outside = await ask(portOf(1, 'EXTERNAL'), DescribeCluster, { includeClusterAuthorizedOperations: false });
  expect(outside.brokers.map(({ brokerId, host, port }) => [brokerId, host, port])).toEqual(
    [1, 2].map((brokerId) => [brokerId, `broker-${brokerId}.example`, portOf(brokerId, 'EXTERNAL')]),
  );
});

test('a leader that has no such listener: LISTENER_NOT_FOUND, before version 6 LEADER_NOT_AVAILABLE', async () => {
  const partitions = await until(async () => {
    const { topics } = await ask(portOf(1, 'EXTERNAL'), Metadata, { topics: [{ name: 't' }] });
    return topics[0]?.partitions.length === 3 && topics[0].partitions;
  });
  const errors = new Map(partitions.map(({ errorCode, leaderId }) => [leaderId, errorCode]));
  expect(errors).toEqual(
    new Map([
      [1, 0],
      [2, 0],
      [-1, ErrorCode.LISTENER_NOT_FOUND],
    ]),
  );
  const { topics } = await ask(portOf(1, 'EXTERNAL'), Metadata, { topics: [{ name: 't' }] }, 5);
  expect(topics[0]?.partitions.map(({ errorCode }) => errorCode).sort()).toEqual([
    0,
    0,
    ErrorCode.LEADER_NOT_AVAILABLE,
  ]);
});

test('replicas fetch and requests are forwarded by the listener of the brokers', async () => {
  await until(async () => {
    const { topics } = await ask(portOf(1, 'INTERNAL'), Metadata, { topics: [{ name: 't' }] });
    return topics[0]?.partitions.every(({ isrNodes }) => isrNodes.length === 3);
  });
  const keys = Array.from({ length: 20 }, (_, index) => `group-${index}`);
  const found = await until(async () => {
    const answer = await ask(portOf(2, 'EXTERNAL'), FindCoordinator, { keyType: 0, coordinatorKeys: keys });
    return answer.coordinators.some(({ errorCode }) => errorCode === 0) && answer.coordinators;
  });
  // Those whose coordinator is the third broker cannot be reached from outside.
  for (const { errorCode, nodeId, host } of found) {
    if (errorCode === 0) expect(host).toBe(`broker-${nodeId}.example`);
    else expect(errorCode).toBe(ErrorCode.COORDINATOR_NOT_AVAILABLE);
  }
  const inside = await ask(portOf(2, 'INTERNAL'), FindCoordinator, { keyType: 0, coordinatorKeys: keys });
  expect(new Set(inside.coordinators.map(({ nodeId }) => nodeId))).toEqual(new Set([1, 2, 3]));
  expect(cluster.failures).toEqual([]);
});
