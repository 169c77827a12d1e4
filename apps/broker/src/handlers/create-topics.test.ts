import { CreateTopics, ErrorCode, type RequestInput, ZERO_UUID } from '@ks/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AdminBroker, startAdminBroker } from '../../tests/admin-broker.ts';
import { createTopics } from './create-topics.ts';
import { type ExchangeOptions, exchange } from './shared/exchange.test-support.ts';

let broker: AdminBroker;
beforeEach(async () => {
  broker = await startAdminBroker({ 'num.partitions': '3', 'log.retention.hours': '1' });
});
afterEach(() => broker.stop());

type Topic = RequestInput<typeof CreateTopics>['topics'][number];
const topic = (name: string, fields: Partial<Topic> = {}): Topic => ({
  name,
  numPartitions: 1,
  replicationFactor: 1,
  assignments: [],
  configs: [],
  ...fields,
});
async function ask(
  version: number,
  topics: readonly Topic[],
  validateOnly = false,
  options: Partial<ExchangeOptions> = {},
) {
  const answer = await exchange(
    createTopics,
    CreateTopics,
    { topics, timeoutMs: 10_000, validateOnly },
    { version, broker: broker.services, ...options },
  );
  if (answer === undefined) throw new Error('CreateTopics was not answered');
  return answer.topics;
}
const shown = () => broker.node.loader.image().topicsByName;

test.each([2, 3, 4, 5, 6, 7])('v%i creates topics', async (version) => {
  const [created] = await ask(version, [topic('t', { numPartitions: 4 })]);
  expect(created).toMatchObject({ name: 't', errorCode: 0, errorMessage: null });
  expect(created?.topicId).toBe(version >= 7 ? shown().get('t')?.topicId : ZERO_UUID);
  expect([created?.numPartitions, created?.replicationFactor]).toEqual(version >= 5 ? [4, 1] : [-1, -1]);
  expect(shown().get('t')?.partitions).toHaveLength(4);
});

test('v4: -1 stands for the defaults', async () => {
  await ask(4, [topic('t', { numPartitions: -1, replicationFactor: -1 })]);
  expect(shown().get('t')?.partitions).toHaveLength(3);
});

test('v5: the configuration comes with where it is from', async () => {
  const [created] = await ask(5, [topic('t', { configs: [{ name: 'cleanup.policy', value: 'compact' }] })]);
  const configs = new Map(created?.configs?.map((each) => [each.name, each]));
  expect(configs.get('cleanup.policy')).toMatchObject({
    value: 'compact',
    configSource: 1,
    readOnly: false,
    isSensitive: false,
  });
  expect(configs.get('retention.ms')).toMatchObject({ value: '3600000', configSource: 4 });
  expect(configs.get('segment.bytes')).toMatchObject({ value: '1073741824', configSource: 5 });
});

test('validating only creates nothing, and tells the same', async () => {
  const [checked] = await ask(7, [topic('t', { numPartitions: 9 })], true);
  expect(checked).toMatchObject({ errorCode: 0, numPartitions: 9, topicId: ZERO_UUID });
  expect(checked?.configs?.length).toBeGreaterThan(20);
  expect(shown().size).toBe(0);
});

describe('refusals', () => {
  test('stand beside what is created, in the order asked', async () => {
    await broker.create('there');
    const answers = await ask(7, [
      topic('there'),
      topic('bad config', {}),
      topic('c', { configs: [{ name: 'retention.ms', value: 'soon' }] }),
      topic('u', { configs: [{ name: 'no.such.key', value: '1' }] }),
      topic('r', { replicationFactor: 2 }),
      topic('p', { numPartitions: 0 }),
      topic('a', { numPartitions: -1, replicationFactor: -1, assignments: [{ partitionIndex: 0, brokerIds: [3] }] }),
      topic('good'),
    ]);
    expect(answers.map((each) => [each.name, each.errorCode])).toEqual([
      ['there', ErrorCode.TOPIC_ALREADY_EXISTS],
      ['bad config', ErrorCode.INVALID_TOPIC_EXCEPTION],
      ['c', ErrorCode.INVALID_CONFIG],
      ['u', ErrorCode.INVALID_CONFIG],
      ['r', ErrorCode.INVALID_REPLICATION_FACTOR],
      ['p', ErrorCode.INVALID_PARTITIONS],
      ['a', ErrorCode.INVALID_REPLICA_ASSIGNMENT],
      ['good', ErrorCode.NONE],
    ]);
    for (const answer of answers.slice(0, -1)) {
      expect(answer.errorMessage).toBeTruthy();
      expect([answer.topicId, answer.numPartitions, answer.configs]).toEqual([ZERO_UUID, -1, []]);
    }
    expect([...shown().keys()].sort()).toEqual(['good', 'there']);
  });

  test('a topic named twice is refused once', async () => {
    const answers = await ask(7, [topic('t'), topic('u'), topic('t')]);
    expect(answers.map((each) => [each.name, each.errorCode])).toEqual([
      ['t', ErrorCode.INVALID_REQUEST],
      ['u', 0],
    ]);
  });

  test('who may create neither the topic nor any', async () => {
    const denied = ['kafka-cluster', 'closed'];
    const answers = await ask(7, [topic('closed'), topic('open')], false, { denied });
    expect(answers.map((each) => each.errorCode)).toEqual([ErrorCode.TOPIC_AUTHORIZATION_FAILED, 0]);
  });

  test('who may create but not read configurations learns no shape', async () => {
    const authorize = (operation: string) => operation !== 'DESCRIBE_CONFIGS';
    const [created] = await ask(5, [topic('t')], false, { authorize });
    expect(created).toMatchObject({
      errorCode: 0,
      topicConfigErrorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED,
      numPartitions: -1,
      configs: [],
    });
  });
});
