import {
  AlterPartitionReassignments,
  CreatePartitions,
  CreateTopics,
  DeleteTopics,
  DescribeConfigs,
  ElectLeaders,
  Envelope,
  ErrorCode,
  FindCoordinator,
  IncrementalAlterConfigs,
  Metadata,
  UpdateFeatures,
} from '@ks/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, until } from './ask.ts';
import { TestCluster } from './test-cluster.ts';

// What only the controller can answer, asked of the others.

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start();
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

const topicsOf = async (brokerId: number) => (await ask(cluster.portOf(brokerId), Metadata, { topics: null })).topics;
const create = (name: string, brokerId: number, replicationFactor = 3) =>
  ask(cluster.portOf(brokerId), CreateTopics, {
    topics: [{ name, numPartitions: 2, replicationFactor, assignments: [], configs: [] }],
    timeoutMs: 10_000,
    validateOnly: false,
  });
const configOf = async (brokerId: number, resourceType: number, resourceName: string, key: string) => {
  const resources = [{ resourceType, resourceName, configurationKeys: [key] }];
  const asked = { resources, includeSynonyms: false, includeDocumentation: false };
  const { results } = await ask(cluster.portOf(brokerId), DescribeConfigs, asked);
  return results[0]?.configs[0]?.value;
};
const alter = (brokerId: number, resourceType: number, resourceName: string, name: string, value: string) =>
  ask(cluster.portOf(brokerId), IncrementalAlterConfigs, {
    resources: [{ resourceType, resourceName, configs: [{ name, configOperation: 0, value }] }],
    validateOnly: false,
  });

describe('a broker that is not the controller', () => {
  test('has topics created, extended and deleted, and tells what the controller said', async () => {
    const created = await create('made', 2);
    expect(created.topics[0]).toMatchObject({ errorCode: 0, numPartitions: 2, replicationFactor: 3 });
    expect((await create('made', 3)).topics[0]?.errorCode).toBe(ErrorCode.TOPIC_ALREADY_EXISTS);
    const topics = [{ name: 'made', count: 4, assignments: null }];
    const extended = await ask(cluster.portOf(3), CreatePartitions, { topics, timeoutMs: 9000, validateOnly: false });
    expect(extended.results[0]?.errorCode).toBe(0);
    await until(async () => (await topicsOf(2)).find(({ name }) => name === 'made')?.partitions.length === 4);
    const gone = { topics: [{ name: 'made', topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }], timeoutMs: 9000 };
    expect((await ask(cluster.portOf(2), DeleteTopics, gone)).responses[0]?.errorCode).toBe(0);
    await until(async () => !(await topicsOf(3)).some(({ name }) => name === 'made'));
  });

  test('has configurations changed, its own as well, and changes its loggers itself', async () => {
    await create('configured', 1);
    expect((await alter(3, 2, 'configured', 'retention.ms', '12345')).responses[0]?.errorCode).toBe(0);
    await until(async () => (await configOf(2, 2, 'configured', 'retention.ms')) === '12345');
    expect((await alter(2, 4, '2', 'log.cleaner.threads', '2')).responses[0]?.errorCode).toBe(0);
    await until(async () => (await configOf(2, 4, '2', 'log.cleaner.threads')) === '2');
    expect(await configOf(3, 4, '3', 'log.cleaner.threads')).toBe('1');
    const { responses } = await alter(2, 4, '3', 'log.cleaner.threads', '2');
    expect(responses[0]).toMatchObject({ errorCode: ErrorCode.INVALID_REQUEST });
    expect(responses[0]?.errorMessage).toContain('this is broker 2');
    const resources = [{ resourceType: 8, resourceName: '2', configs: [] }];
    const loggers = await ask(cluster.portOf(2), IncrementalAlterConfigs, { resources, validateOnly: false });
    expect(loggers.responses[0]?.errorCode).toBe(0);
  });

  test('has leaders elected, replicas moved and features judged', async () => {
    await create('moved', 1);
    const topicPartitions = [{ topic: 'moved', partitions: [0] }];
    const elected = await ask(cluster.portOf(2), ElectLeaders, { electionType: 0, topicPartitions, timeoutMs: 9000 });
    expect(elected.replicaElectionResults[0]?.partitionResult[0]?.errorCode).toBe(ErrorCode.ELECTION_NOT_NEEDED);
    const topics = [{ name: 'nowhere', partitions: [{ partitionIndex: 0, replicas: [1] }] }];
    const moved = await ask(cluster.portOf(3), AlterPartitionReassignments, { topics, timeoutMs: 9000 });
    expect(moved.responses[0]?.partitions[0]?.errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    const featureUpdates = [{ feature: 'none.such', maxVersionLevel: 1, upgradeType: 1 }];
    const updated = await ask(cluster.portOf(2), UpdateFeatures, {
      featureUpdates,
      timeoutMs: 9000,
      validateOnly: true,
    });
    expect(updated.errorCode).toBe(ErrorCode.INVALID_UPDATE_VERSION);
  });

  test('makes the topics that it needs itself', async () => {
    const found = await until(async () => {
      const asked = await ask(cluster.portOf(3), FindCoordinator, { keyType: 0, coordinatorKeys: ['group'] });
      return asked.coordinators[0]?.errorCode === 0 && asked.coordinators[0];
    });
    expect(cluster.brokerIds.map((brokerId) => cluster.portOf(brokerId))).toContain(found.port);
    const auto = await ask(cluster.portOf(2), Metadata, { topics: [{ name: 'auto' }], allowAutoTopicCreation: true });
    expect(auto.topics[0]?.partitions[0]?.replicaNodes.length).toBe(3);
  });
});

describe('an envelope', () => {
  const envelope = (
    requestData: Uint8Array,
    caller: string | null = '{"format":1,"brokerId":9,"principal":"User:x","listenerName":"L"}',
  ) => ({
    requestData,
    requestPrincipal: caller === null ? null : Buffer.from(caller),
    clientHostAddress: Buffer.from('h'),
  });
  // ListGroups v0, no request of the controller's; Envelope v0 itself; and what is no request at all.
  const notForwarded = ['00100000000000010001780000', '003a0000000000010001780000000000', 'ffff', ''];

  test('is opened by the controller alone, and holds nothing but requests for it', async () => {
    const createV7 = Buffer.from('0013000700000001ffff00' + '01' + '00002710' + '00' + '00', 'hex');
    expect((await ask(cluster.portOf(2), Envelope, envelope(createV7))).errorCode).toBe(ErrorCode.NOT_CONTROLLER);
    expect((await ask(cluster.portOf(1), Envelope, envelope(createV7))).errorCode).toBe(ErrorCode.NONE);
    for (const hex of notForwarded) {
      const answer = await ask(cluster.portOf(1), Envelope, envelope(Buffer.from(hex, 'hex')));
      expect(answer.errorCode).toBe(ErrorCode.INVALID_REQUEST);
    }
    for (const caller of [null, '', '{}', 'null', '{"format":1,"brokerId":"9","principal":null,"listenerName":"L"}']) {
      const answer = await ask(cluster.portOf(1), Envelope, envelope(createV7, caller));
      expect(answer.errorCode).toBe(ErrorCode.INVALID_REQUEST);
    }
  });
});

describe('when the controller dies', () => {
  test('another one is elected and asked', async () => {
    await cluster.kill(1);
    await until(async () => (await ask(cluster.portOf(3), Metadata, { topics: [] })).controllerId !== 1);
    expect((await create('after', 2, 2)).topics[0]?.errorCode).toBe(0);
    expect((await create('later', 3, 2)).topics[0]?.errorCode).toBe(0);
    expect(cluster.failures).toEqual([]);
  });
});
