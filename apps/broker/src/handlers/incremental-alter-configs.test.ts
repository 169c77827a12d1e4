import { AlterConfigs, DescribeConfigs, ErrorCode, IncrementalAlterConfigs } from '@ks/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AdminBroker, startAdminBroker } from '../../tests/admin-broker.ts';
import { createPinoLogger } from '../adapters/pino-logger.ts';
import { alterConfigs } from './alter-configs.ts';
import { describeConfigs } from './describe-configs.ts';
import { incrementalAlterConfigs } from './incremental-alter-configs.ts';
import { type ExchangeOptions, exchange } from './shared/exchange.test-support.ts';

const [TOPIC, BROKER, LOGGER, METRICS, GROUP] = [2, 4, 8, 16, 32] as const;
const [SET, DELETE, APPEND, SUBTRACT] = [0, 1, 2, 3] as const;
let broker: AdminBroker;
beforeEach(async () => {
  broker = await startAdminBroker({ 'log.cleanup.policy': 'compact' });
  await broker.create('t', 1, { 'retention.ms': '77', 'segment.ms': '5' });
});
afterEach(() => broker.stop());

type Change = readonly [name: string, operation: number, value: string | null];
interface Asked {
  readonly type?: number;
  readonly name?: string;
  readonly changes: readonly Change[];
}

async function alter(asked: readonly Asked[], validateOnly = false, options: Partial<ExchangeOptions> = {}) {
  const resources = asked.map(({ type = TOPIC, name = 't', changes }) => ({
    resourceType: type,
    resourceName: name,
    configs: changes.map(([key, configOperation, value]) => ({ name: key, configOperation, value })),
  }));
  const context = { version: 1, broker: broker.services, ...options };
  const answer = await exchange(incrementalAlterConfigs, IncrementalAlterConfigs, { resources, validateOnly }, context);
  return (answer?.responses ?? []).map(({ errorCode }) => errorCode);
}

async function one(asked: Asked): Promise<number | undefined> {
  return (await alter([asked]))[0];
}

/** The overrides of a resource. */
function stored(resource = 'topic/t'): Record<string, string> {
  return Object.fromEntries(broker.node.loader.image().configs.get(resource) ?? []);
}

describe('IncrementalAlterConfigs', () => {
  test('sets and deletes single keys, at once in force', async () => {
    const changes: Change[] = [
      ['retention.ms', DELETE, null],
      ['segment.ms', SET, '6'],
      ['max.message.bytes', SET, '1000'],
    ];
    expect(await one({ changes })).toBe(0);
    expect(stored()).toEqual({ 'segment.ms': '6', 'max.message.bytes': '1000' });
    expect(
      await one({
        changes: [...changes.slice(0, 1), ['segment.ms', DELETE, null], ['max.message.bytes', DELETE, 'x']],
      }),
    ).toBe(0);
    expect(broker.node.loader.image().configs.has('topic/t')).toBe(false);
  });

  test('appends to lists and subtracts from them, beginning with what is in force below', async () => {
    expect(await one({ changes: [['cleanup.policy', APPEND, 'delete']] })).toBe(0);
    expect(stored()['cleanup.policy']).toBe('compact,delete');
    expect(await one({ changes: [['cleanup.policy', APPEND, 'delete,compact']] })).toBe(0);
    expect(stored()['cleanup.policy']).toBe('compact,delete');
    expect(await one({ changes: [['cleanup.policy', SUBTRACT, 'compact']] })).toBe(0);
    expect(stored()['cleanup.policy']).toBe('delete');
    expect(await one({ changes: [['cleanup.policy', APPEND, 'shred']] })).toBe(ErrorCode.INVALID_CONFIG);
    expect(await one({ changes: [['retention.ms', APPEND, '7']] })).toBe(ErrorCode.INVALID_CONFIG);
    expect(stored()['cleanup.policy']).toBe('delete');
  });

  test('changes all keys of a resource or none, and other resources beside a refused one', async () => {
    const mixed: Change[] = [
      ['segment.ms', SET, '9'],
      ['retention.ms', SET, 'soon'],
    ];
    const group: Asked = { type: GROUP, name: 'g', changes: [['consumer.session.timeout.ms', SET, '50000']] };
    expect(await alter([{ changes: mixed }, group])).toEqual([ErrorCode.INVALID_CONFIG, 0]);
    expect(stored()).toEqual({ 'retention.ms': '77', 'segment.ms': '5' });
    expect(stored('group/g')).toEqual({ 'consumer.session.timeout.ms': '50000' });
  });

  test('changes nothing where it is only to validate', async () => {
    expect(await alter([{ changes: [['segment.ms', SET, '9']] }], true)).toEqual([0]);
    expect(await alter([{ changes: [['segment.ms', SET, 'x']] }], true)).toEqual([ErrorCode.INVALID_CONFIG]);
    expect(stored()['segment.ms']).toBe('5');
  });

  test('loses no change of many that come at once', async () => {
    const keys = ['segment.ms', 'flush.ms', 'max.message.bytes', 'delete.retention.ms', 'retention.bytes'];
    await Promise.all(keys.map((key) => one({ changes: [[key, SET, '4242']] })));
    expect(stored()).toEqual({ 'retention.ms': '77', ...Object.fromEntries(keys.map((key) => [key, '4242'])) });
  });

  test.each<[string, Asked, number]>([
    ['an unknown key', { changes: [['retention.mss', SET, '1']] }, ErrorCode.INVALID_CONFIG],
    [
      'a key twice',
      {
        changes: [
          ['flush.ms', SET, '1'],
          ['flush.ms', DELETE, null],
        ],
      },
      ErrorCode.INVALID_REQUEST,
    ],
    ['null as value', { changes: [['flush.ms', SET, null]] }, ErrorCode.INVALID_REQUEST],
    ['an unknown operation', { changes: [['flush.ms', 4, '1']] }, ErrorCode.INVALID_REQUEST],
    ['a missing topic', { name: 'none', changes: [] }, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
    ['an impossible topic', { name: 'a/b', changes: [] }, ErrorCode.INVALID_TOPIC_EXCEPTION],
    ['a group without a name', { type: GROUP, name: '', changes: [] }, ErrorCode.INVALID_REQUEST],
    ['metrics without a name', { type: METRICS, name: '', changes: [] }, ErrorCode.INVALID_REQUEST],
    [
      'metrics too often',
      { type: METRICS, name: 'm', changes: [['interval.ms', SET, '99']] },
      ErrorCode.INVALID_REQUEST,
    ],
    ['a topic without a name', { name: '', changes: [] }, ErrorCode.INVALID_REQUEST],
    [
      'lags that exclude each other',
      {
        changes: [
          ['min.compaction.lag.ms', SET, '10'],
          ['max.compaction.lag.ms', SET, '5'],
        ],
      },
      ErrorCode.INVALID_CONFIG,
    ],
    ['tiered storage', { changes: [['remote.storage.enable', SET, 'true']] }, ErrorCode.INVALID_CONFIG],
    [
      'a group below the limit of brokers',
      { type: GROUP, name: 'g', changes: [['consumer.session.timeout.ms', SET, '44999']] },
      ErrorCode.INVALID_CONFIG,
    ],
    [
      'a group above the limit of brokers',
      { type: GROUP, name: 'g', changes: [['streams.num.standby.replicas', SET, '3']] },
      ErrorCode.INVALID_CONFIG,
    ],
    [
      'an element more for a list of a group',
      { type: GROUP, name: 'g', changes: [['streams.rack.aware.assignment.tags', APPEND, 'a']] },
      ErrorCode.INVALID_CONFIG,
    ],
    ['an unknown selector', { type: METRICS, name: 'm', changes: [['match', SET, 'c=x']] }, ErrorCode.INVALID_CONFIG],
    ['another broker', { type: BROKER, name: '7', changes: [] }, ErrorCode.INVALID_REQUEST],
    ['a fixed key', { type: BROKER, name: '0', changes: [['node.id', SET, '3']] }, ErrorCode.INVALID_REQUEST],
    [
      'a wrong value',
      { type: BROKER, name: '', changes: [['message.max.bytes', SET, 'x']] },
      ErrorCode.INVALID_REQUEST,
    ],
    ['loggers of another broker', { type: LOGGER, name: '7', changes: [] }, ErrorCode.INVALID_REQUEST],
    ['an unknown type', { type: 99, name: '0', changes: [] }, ErrorCode.INVALID_REQUEST],
  ])('refuses %s', async (_what, asked, errorCode) => {
    expect(await one(asked)).toBe(errorCode);
  });

  test('refuses a resource that is named twice, each time', async () => {
    const asked: Asked = { changes: [['flush.ms', SET, '1']] };
    expect(await alter([asked, asked])).toEqual([ErrorCode.INVALID_REQUEST, ErrorCode.INVALID_REQUEST]);
    expect(stored()['flush.ms']).toBeUndefined();
  });

  test('changes one broker or all of them', async () => {
    expect(await one({ type: BROKER, name: '0', changes: [['message.max.bytes', SET, '7']] })).toBe(0);
    expect(await one({ type: BROKER, name: '', changes: [['message.max.bytes', SET, '8']] })).toBe(0);
    expect([stored('broker/0'), stored('broker/')]).toEqual([
      { 'message.max.bytes': '7' },
      { 'message.max.bytes': '8' },
    ]);
  });

  test('is closed to who may not change configurations', async () => {
    const asked: Asked[] = [
      { changes: [] },
      { type: GROUP, name: 'g', changes: [] },
      { type: BROKER, name: '0', changes: [] },
    ];
    expect(await alter(asked, false, { denied: ['t', 'g', 'kafka-cluster'] })).toEqual([
      ErrorCode.TOPIC_AUTHORIZATION_FAILED,
      ErrorCode.GROUP_AUTHORIZATION_FAILED,
      ErrorCode.CLUSTER_AUTHORIZATION_FAILED,
    ]);
  });
});

describe('the level of the log', () => {
  function logging() {
    const lines: string[] = [];
    const destination = { write: (line: string) => void lines.push(String(JSON.parse(line).msg)) };
    const logger = createPinoLogger({ level: 'warn', destination });
    return { lines, logger, child: logger.child({ part: 1 }), over: { broker: { ...broker.services, logger } } };
  }
  const change = (...changes: readonly Change[]) => [{ type: LOGGER, name: '0', changes }];

  test('is told and changed at once, for all that was made before', async () => {
    const { lines, logger, child, over } = logging();
    const level = async () => {
      const asked = { resources: [{ resourceType: LOGGER, resourceName: '0', configurationKeys: null }] };
      const answer = await exchange(describeConfigs, DescribeConfigs, asked, { version: 4, ...over });
      return answer?.results[0]?.configs.map((each) => [each.name, each.value, each.configSource, each.configType]);
    };
    child.info({}, 'too quiet');
    expect(await level()).toEqual([['root', 'WARN', 6, 0]]);
    expect(await alter(change(['root', SET, 'DEBUG']), true, over)).toEqual([0]);
    child.debug({}, 'only validated');
    expect(await alter(change(['root', SET, 'DEBUG']), false, over)).toEqual([0]);
    child.debug({}, 'from a child');
    logger.debug({}, 'from the root');
    expect(await level()).toEqual([['root', 'DEBUG', 6, 0]]);
    expect(await alter(change(['root', SET, 'FATAL']), false, over)).toEqual([0]);
    logger.error({}, 'too quiet');
    expect(lines).toEqual(['from a child', 'from the root']);
  });

  test.each<[string, Change, number]>([
    ['an unknown level', ['root', SET, 'debug'], ErrorCode.INVALID_CONFIG],
    ['an unknown logger', ['kafka', SET, 'DEBUG'], ErrorCode.INVALID_CONFIG],
    ['no level', ['root', DELETE, null], ErrorCode.INVALID_REQUEST],
    ['a list', ['root', APPEND, 'DEBUG'], ErrorCode.INVALID_REQUEST],
  ])('cannot be %s', async (_what, asked, errorCode) => {
    const { logger, over } = logging();
    expect(await alter(change(asked), false, over)).toEqual([errorCode]);
    expect(logger.level?.get()).toBe('WARN');
  });
});

test('AlterConfigs replaces all overrides by those given', async () => {
  const resource = (configs: { name: string; value: string | null }[]) => ({
    resources: [{ resourceType: TOPIC, resourceName: 't', configs }],
    validateOnly: false,
  });
  for (const version of [0, 1, 2]) {
    const context = { version, broker: broker.services };
    const set = await exchange(alterConfigs, AlterConfigs, resource([{ name: 'flush.ms', value: '3' }]), context);
    expect(set?.responses.map(({ errorCode }) => errorCode)).toEqual([0]);
    expect(stored()).toEqual({ 'flush.ms': '3' });
    const empty = await exchange(alterConfigs, AlterConfigs, resource([]), context);
    expect(empty?.responses.map(({ errorCode }) => errorCode)).toEqual([0]);
    expect(stored()).toEqual({});
  }
});
