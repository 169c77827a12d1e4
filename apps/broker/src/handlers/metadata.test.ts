import { ErrorCode, Metadata, type RequestInput, ZERO_UUID } from '@ks/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AdminBroker, startAdminBroker } from '../../tests/admin-broker.ts';
import { metadata } from './metadata.ts';
import { type ExchangeOptions, exchange } from './shared/exchange.test-support.ts';

const ALL_TOPIC_OPERATIONS = 0b1101_1111_1000;
const NOT_ASKED = -2147483648;
const UNKNOWN_ID = 'BBBBBBBBBBBBBBBBBBBBBA';

let broker: AdminBroker;
beforeEach(async () => {
  broker = await startAdminBroker({ 'num.partitions': '2' });
});
afterEach(() => broker.stop());

type Body = RequestInput<typeof Metadata>;
async function ask(version: number, body: Partial<Body>, options: Partial<ExchangeOptions> = {}) {
  const answer = await exchange(
    metadata,
    Metadata,
    { topics: [], ...body },
    { version, broker: broker.services, ...options },
  );
  if (answer === undefined) throw new Error('Metadata was not answered');
  return answer;
}
const named = (...names: string[]): Body['topics'] => names.map((name) => ({ name, topicId: ZERO_UUID }));
const byId = (topicId: string): Body['topics'] => [{ name: null, topicId }];
const names = (answer: Awaited<ReturnType<typeof ask>>) => answer.topics.map((topic) => topic.name).sort();

describe('the list of topics', () => {
  test('v0: empty means all', async () => {
    await broker.create('a');
    await broker.create('b');
    expect(names(await ask(0, { topics: [] }))).toEqual(['a', 'b']);
  });

  test.each([1, 4, 8, 9, 10, 12, 13])('v%i: null means all, empty means none', async (version) => {
    await broker.create('a');
    expect(names(await ask(version, { topics: null }))).toEqual(['a']);
    expect(names(await ask(version, { topics: [] }))).toEqual([]);
  });

  test('a topic asked for twice is answered once', async () => {
    await broker.create('a');
    expect(names(await ask(4, { topics: named('a', 'a') }))).toEqual(['a']);
  });
});

describe('the answer', () => {
  test.each([0, 1, 2, 5, 7, 8, 9, 10, 12, 13])('v%i tells brokers, controller and partitions', async (version) => {
    const topicId = await broker.create('a', 2);
    const answer = await ask(version, { topics: named('a') });
    expect(answer.brokers).toEqual([{ nodeId: 0, host: 'localhost', port: 9092, rack: null }]);
    expect(answer.controllerId).toBe(version >= 1 ? 0 : -1);
    expect(answer.clusterId).toBe(version >= 2 ? broker.services.clusterId : null);
    expect(answer.errorCode).toBe(0);
    expect(answer.topics[0]).toMatchObject({
      name: 'a',
      errorCode: 0,
      isInternal: false,
      topicId: version >= 10 ? topicId : ZERO_UUID,
    });
    expect(answer.topics[0]?.partitions[1]).toEqual({
      errorCode: 0,
      partitionIndex: 1,
      leaderId: 0,
      leaderEpoch: version >= 7 ? 0 : -1,
      replicaNodes: [0],
      isrNodes: [0],
      offlineReplicas: [],
    });
  });

  test('tells the addresses of the listener it came by, and only brokers that have one', async () => {
    const endpoints = [
      { listenerName: 'PLAINTEXT', host: 'inside', port: 1 },
      { listenerName: 'OUTSIDE', host: 'outside', port: 2 },
    ];
    const registration = {
      endpoints,
      rack: 'r1',
      host: 'h',
      logDirIds: [],
      incarnationId: 'i',
      leaseId: 'l',
      inControlledShutdown: false,
      uncleanBirth: false,
    };
    await broker.write(
      { type: 'put', key: 'registrations/7', value: JSON.stringify(registration) },
      { type: 'put', key: 'live/7', value: '{"incarnationId":"i"}' },
      {
        type: 'put',
        key: 'registrations/8',
        value: JSON.stringify({ ...registration, endpoints: endpoints.slice(1) }),
      },
      { type: 'put', key: 'live/8', value: '{"incarnationId":"i"}' },
      { type: 'put', key: 'registrations/9', value: JSON.stringify(registration) },
    );
    const { brokers } = await ask(9, { topics: [] });
    expect(brokers.map((each) => [each.nodeId, each.host, each.rack])).toEqual([
      [0, 'localhost', null],
      [7, 'inside', 'r1'],
    ]);
  });

  test('marks the topics of the brokers as internal', async () => {
    expect((await ask(1, { topics: named('__consumer_offsets') })).topics[0]).toMatchObject({
      errorCode: 0,
      isInternal: true,
    });
  });

  test('a partition without a live leader says so, and which replicas are away', async () => {
    const topicId = await broker.create('a');
    const record = {
      replicas: [0, 5],
      addingReplicas: [],
      removingReplicas: [],
      isr: [5],
      elr: [],
      lastKnownElr: [],
      leader: 5,
      leaderEpoch: 3,
      partitionEpoch: 4,
    };
    await broker.write({
      type: 'put',
      key: `partitions/${topicId}/0`,
      value: JSON.stringify({ ...record, leader: -1, isr: [] }),
    });
    const answer = await ask(9, { topics: named('a') });
    expect(answer.topics[0]?.errorCode).toBe(ErrorCode.NONE);
    expect(answer.topics[0]?.partitions[0]).toMatchObject({
      errorCode: ErrorCode.LEADER_NOT_AVAILABLE,
      leaderId: -1,
      leaderEpoch: 3,
      offlineReplicas: [5],
    });
  });

  test('a leader without the listener has an error of its own since v6', async () => {
    const topicId = await broker.create('a');
    const registration = {
      endpoints: [{ listenerName: 'OTHER', host: 'x', port: 1 }],
      rack: null,
      host: 'h',
      logDirIds: [],
      incarnationId: 'i',
      leaseId: 'l',
      inControlledShutdown: false,
      uncleanBirth: false,
    };
    await broker.write(
      { type: 'put', key: 'registrations/5', value: JSON.stringify(registration) },
      { type: 'put', key: 'live/5', value: '{"incarnationId":"i"}' },
    );
    const record = {
      replicas: [5],
      addingReplicas: [],
      removingReplicas: [],
      isr: [5],
      elr: [],
      lastKnownElr: [],
      leader: 5,
      leaderEpoch: 0,
      partitionEpoch: 0,
    };
    await broker.write({ type: 'put', key: `partitions/${topicId}/0`, value: JSON.stringify(record) });
    expect((await ask(5, { topics: named('a') })).topics[0]?.partitions[0]?.errorCode).toBe(
      ErrorCode.LEADER_NOT_AVAILABLE,
    );
    expect((await ask(6, { topics: named('a') })).topics[0]?.partitions[0]?.errorCode).toBe(
      ErrorCode.LISTENER_NOT_FOUND,
    );
  });
});

describe('topic ids', () => {
  test.each([12, 13])('v%i answers by id', async (version) => {
    const topicId = await broker.create('a');
    expect((await ask(version, { topics: byId(topicId) })).topics).toMatchObject([
      { name: 'a', topicId, errorCode: 0 },
    ]);
    expect((await ask(version, { topics: byId(UNKNOWN_ID) })).topics).toEqual([
      {
        name: null,
        topicId: UNKNOWN_ID,
        errorCode: ErrorCode.UNKNOWN_TOPIC_ID,
        isInternal: false,
        partitions: [],
        topicAuthorizedOperations: NOT_ASKED,
      },
    ]);
  });

  test.each([10, 11])('v%i cannot ask by id yet', async (version) => {
    const topicId = await broker.create('a');
    const asked = [{ name: 'a', topicId }];
    expect((await ask(version, { topics: asked })).topics[0]?.errorCode).toBe(ErrorCode.INVALID_REQUEST);
  });
});

describe('a missing topic', () => {
  test.each([0, 1, 3, 4, 9, 13])('v%i: is created, and the answer shows it ready', async (version) => {
    const { topics } = await ask(version, { topics: named('new') });
    expect(topics).toMatchObject([{ name: 'new', errorCode: 0 }]);
    expect(topics[0]?.partitions.map((each) => [each.errorCode, each.leaderId])).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  test('is not created where the client says so (v4)', async () => {
    const { topics } = await ask(4, { topics: named('new'), allowAutoTopicCreation: false });
    expect(topics).toMatchObject([{ name: 'new', errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, partitions: [] }]);
    expect(names(await ask(4, { topics: null }))).toEqual([]);
  });

  test('is not created where the broker says so', async () => {
    const strict = await startAdminBroker({ 'auto.create.topics.enable': 'false' });
    const answer = await exchange(
      metadata,
      Metadata,
      { topics: named('new') },
      { version: 4, broker: strict.services },
    );
    expect(answer?.topics[0]?.errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    await strict.stop();
  });

  test('of an impossible name is INVALID_TOPIC_EXCEPTION', async () => {
    const { topics } = await ask(4, { topics: named('a/b', '..', 'x'.repeat(250)) });
    expect(topics.map((each) => each.errorCode)).toEqual([17, 17, 17]);
  });

  test('that collides is INVALID_TOPIC_EXCEPTION', async () => {
    await broker.create('a.b');
    expect((await ask(4, { topics: named('a_b') })).topics[0]?.errorCode).toBe(ErrorCode.INVALID_TOPIC_EXCEPTION);
  });

  test('that needs more replicas than there are brokers says so', async () => {
    const wide = await startAdminBroker({ 'default.replication.factor': '3' });
    const answer = await exchange(metadata, Metadata, { topics: named('new') }, { version: 4, broker: wide.services });
    expect(answer?.topics[0]?.errorCode).toBe(ErrorCode.INVALID_REPLICATION_FACTOR);
    await wide.stop();
  });
});

describe('authorization', () => {
  test('hides topics from the list, and refuses those asked for', async () => {
    await broker.create('open');
    const topicId = await broker.create('secret');
    expect(names(await ask(9, { topics: null }, { denied: ['secret'] }))).toEqual(['open']);
    expect((await ask(9, { topics: named('secret') }, { denied: ['secret'] })).topics).toMatchObject([
      { name: 'secret', errorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED, topicId: ZERO_UUID, partitions: [] },
    ]);
    expect((await ask(12, { topics: byId(topicId) }, { denied: ['secret'] })).topics).toMatchObject([
      { name: null, errorCode: ErrorCode.UNKNOWN_TOPIC_ID },
    ]);
  });

  test('who may not create is refused, on a missing topic', async () => {
    const authorize = (operation: string) => operation !== 'CREATE';
    expect((await ask(9, { topics: named('new') }, { authorize })).topics[0]?.errorCode).toBe(
      ErrorCode.TOPIC_AUTHORIZATION_FAILED,
    );
    const onlyThis = (operation: string, type: string) => operation !== 'CREATE' || type === 'TOPIC';
    expect((await ask(9, { topics: named('new') }, { authorize: onlyThis })).topics[0]?.errorCode).toBe(ErrorCode.NONE);
  });

  test('operations are told only when asked for (v8-v10 for the cluster)', async () => {
    await broker.create('a');
    const quiet = await ask(8, { topics: named('a') });
    expect([quiet.topics[0]?.topicAuthorizedOperations, quiet.clusterAuthorizedOperations]).toEqual([
      NOT_ASKED,
      NOT_ASKED,
    ]);
    const told = await ask(10, {
      topics: named('a'),
      includeTopicAuthorizedOperations: true,
      includeClusterAuthorizedOperations: true,
    });
    expect(told.topics[0]?.topicAuthorizedOperations).toBe(ALL_TOPIC_OPERATIONS);
    expect(told.clusterAuthorizedOperations).toBe(0b1_1111_1010_0000);
    const reader = (operation: string) => operation === 'DESCRIBE' || operation === 'READ';
    const limited = await ask(
      13,
      { topics: named('a'), includeTopicAuthorizedOperations: true },
      { authorize: reader },
    );
    expect(limited.topics[0]?.topicAuthorizedOperations).toBe((1 << 3) | (1 << 8));
  });
});
