import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Api,
  ApiVersions,
  ConsumerGroupDescribe,
  ConsumerGroupHeartbeat,
  CreateTopics,
  encodeRequest,
  ErrorCode,
  FindCoordinator,
  IncrementalAlterConfigs,
  JoinGroup,
  joinFrame,
  OffsetCommit,
  OffsetFetch,
} from '@ks/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type EmbeddedBroker, startEmbeddedBroker } from '../../src/embedded.ts';
import { TestClient } from '../server/test-client.ts';

const BROKER = 4;
const GROUP = 32;
const SET = 0;

let directory: string;
let broker: EmbeddedBroker;
let client: TestClient;

const config = { 'group.initial.rebalance.delay.ms': '0', 'offsets.topic.num.partitions': '2' };

async function start(): Promise<void> {
  broker = await startEmbeddedBroker({ directory, config });
  client = await TestClient.connect(broker.port);
}

async function stop(): Promise<void> {
  client.destroy();
  await broker.stop();
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ks-groups-'));
  await start();
});
afterEach(async () => {
  await stop();
  await rm(directory, { recursive: true });
});

async function ask<In, Out, ResIn, ResOut>(
  api: Api<In, Out, ResIn, ResOut>,
  version: number,
  body: In,
): Promise<ResOut> {
  client.send(joinFrame(encodeRequest(api, version, { correlationId: 1, clientId: 'test' }, body)));
  return (await client.response(api as never, version)).body as ResOut;
}

/** Asks until the coordinator has read its log. */
async function loaded<Answer extends { readonly errorCode: number }>(one: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    const answer = await one();
    if (![ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, ErrorCode.NOT_COORDINATOR].includes(answer.errorCode as never)) {
      return answer;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const beat = (memberId: string, memberEpoch: number, fields: object = {}) =>
  loaded(() => ask(ConsumerGroupHeartbeat, 1, { groupId: 'g', memberId, memberEpoch, ...fields }));
const joins = (memberId: string) =>
  beat(memberId, 0, { rebalanceTimeoutMs: 60_000, subscribedTopicNames: ['orders'], topicPartitions: [] });

async function prepare(): Promise<void> {
  const topic = { name: 'orders', numPartitions: 4, replicationFactor: 1, assignments: [], configs: [] };
  await ask(CreateTopics, 7, { topics: [topic], timeoutMs: 10_000, validateOnly: false });
  await ask(FindCoordinator, 4, { keyType: 0, coordinatorKeys: ['g'] });
}

async function alter(resourceType: number, resourceName: string, name: string, value: string): Promise<void> {
  const configs = [{ name, configOperation: SET, value }];
  const { responses } = await ask(IncrementalAlterConfigs, 1, {
    resources: [{ resourceType, resourceName, configs }],
    validateOnly: false,
  });
  expect(responses[0]).toMatchObject({ errorCode: 0 });
}

async function offset(): Promise<number | undefined> {
  const topics = [{ name: 'orders', partitionIndexes: [0] }];
  const { groups } = await ask(OffsetFetch, 8, { groups: [{ groupId: 'g', topics }], requireStable: false } as never);
  return groups[0]?.topics[0]?.partitions[0]?.committedOffset;
}

describe('a consumer group over a socket', () => {
  test('is offered by a new cluster', async () => {
    const answer = await ask(ApiVersions, 4, { clientSoftwareName: 'test', clientSoftwareVersion: '1' });
    expect(answer.finalizedFeatures).toContainEqual({ name: 'group.version', maxVersionLevel: 1, minVersionLevel: 1 });
    expect(answer.apiKeys.map(({ apiKey }) => apiKey)).toEqual(expect.arrayContaining([47, 68, 69]));
  });

  test('goes on after a restart as if nothing had been: members, epochs, offsets', async () => {
    await prepare();
    const first = await joins('a');
    expect(first).toMatchObject({ errorCode: 0, memberEpoch: 2 });
    const partitions = [{ partitionIndex: 0, committedOffset: 7, committedMetadata: '' }];
    const commit = {
      groupId: 'g',
      generationIdOrMemberEpoch: 2,
      memberId: 'a',
      topics: [{ name: 'orders', partitions }],
    };
    expect((await ask(OffsetCommit, 9, commit as never)).topics[0]?.partitions[0]?.errorCode).toBe(0);
    await stop();
    await start();
    expect(await beat('a', 2)).toMatchObject({ errorCode: 0, memberEpoch: 2, assignment: null });
    expect(await offset()).toBe(7);
    const { groups } = await ask(ConsumerGroupDescribe, 1, { groupIds: ['g'], includeAuthorizedOperations: false });
    expect(groups[0]).toMatchObject({ groupState: 'Stable', groupEpoch: 2, members: [{ memberId: 'a' }] });
    expect(await beat('a', 1)).toMatchObject({ errorCode: ErrorCode.FENCED_MEMBER_EPOCH });
  });

  test('takes on what is configured while it lives', async () => {
    await prepare();
    expect(await joins('a')).toMatchObject({ heartbeatIntervalMs: 5000 });
    await alter(GROUP, 'g', 'consumer.heartbeat.interval.ms', '7000');
    expect(await beat('a', 2)).toMatchObject({ heartbeatIntervalMs: 7000 });
    await alter(BROKER, '', 'group.consumer.assignment.interval.ms', '3600000');
    expect(await joins('b')).toMatchObject({ memberEpoch: 2 });
    await alter(BROKER, '', 'group.consumer.assignment.interval.ms', '0');
    expect(await beat('b', 2)).toMatchObject({ memberEpoch: 3 });
  });

  test('serves a client of the classic protocol that may sit next to its members', async () => {
    await prepare();
    await joins('a');
    const metadata = Uint8Array.of(0, 0, 0, 0, 0, 1, 0, 6, ...new TextEncoder().encode('orders'), 255, 255, 255, 255);
    const body = { groupId: 'g', memberId: '', sessionTimeoutMs: 30_000, protocolType: 'consumer' };
    const joined = await ask(JoinGroup, 0, { ...body, protocols: [{ name: 'range', metadata }] } as never);
    expect(joined).toMatchObject({ errorCode: 0, protocolName: 'range', leader: '' });
  });
});
