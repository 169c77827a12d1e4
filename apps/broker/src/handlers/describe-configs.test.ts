import { DescribeConfigs, ErrorCode } from '@ks/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AdminBroker, startAdminBroker } from '../../tests/admin-broker.ts';
import { describeConfigs } from './describe-configs.ts';
import { type ExchangeOptions, exchange } from './shared/exchange.test-support.ts';

const TOPIC = 2;
const BROKER = 4;
let broker: AdminBroker;
beforeEach(async () => {
  broker = await startAdminBroker({ 'log.retention.hours': '2', 'log.segment.bytes': '2000000' });
  await broker.create('t', 1, { 'retention.ms': '77' });
});
afterEach(() => broker.stop());

interface Asked {
  readonly type?: number;
  readonly name?: string;
  readonly keys?: readonly string[] | null;
  readonly includeSynonyms?: boolean;
  readonly includeDocumentation?: boolean;
}
async function ask(version: number, asked: Asked, options: Partial<ExchangeOptions> = {}) {
  const { type = TOPIC, name = 't', keys = null, includeSynonyms = false, includeDocumentation = false } = asked;
  const resources = [{ resourceType: type, resourceName: name, configurationKeys: keys }];
  const answer = await exchange(
    describeConfigs,
    DescribeConfigs,
    { resources, includeSynonyms, includeDocumentation },
    { version, broker: broker.services, ...options },
  );
  const [result] = answer?.results ?? [];
  if (result === undefined) throw new Error('DescribeConfigs was not answered');
  return { ...result, byName: new Map(result.configs.map((each) => [each.name, each])) };
}

describe('a topic', () => {
  test.each([1, 2, 3, 4])('v%i: each key with its source', async (version) => {
    const { errorCode, byName } = await ask(version, {});
    expect(errorCode).toBe(0);
    expect(byName.get('retention.ms')).toMatchObject({
      value: '77',
      configSource: 1,
      readOnly: false,
      isSensitive: false,
      synonyms: [],
    });
    expect(byName.get('segment.bytes')).toMatchObject({ value: '2000000', configSource: 4 });
    expect(byName.get('cleanup.policy')).toMatchObject({ value: 'delete', configSource: 5 });
    expect(byName.get('flush.messages')?.value).toBe('9223372036854775807');
    expect([byName.get('segment.bytes')?.configType, byName.get('cleanup.policy')?.configType]).toEqual(
      version >= 3 ? [3, 7] : [0, 0],
    );
  });

  test('synonyms are told when asked for, strongest first', async () => {
    const { byName } = await ask(1, { includeSynonyms: true, name: 't' });
    expect(byName.get('retention.ms')?.synonyms).toEqual([{ name: 'retention.ms', value: '77', source: 1 }]);
    expect(byName.get('segment.bytes')?.synonyms).toEqual([
      { name: 'log.segment.bytes', value: '2000000', source: 4 },
      { name: 'log.segment.bytes', value: '1073741824', source: 5 },
    ]);
  });

  test('v3: documentation when asked for', async () => {
    expect((await ask(3, { includeDocumentation: true })).byName.get('retention.ms')?.documentation).toBeTruthy();
    expect((await ask(3, {})).byName.get('retention.ms')?.documentation).toBeNull();
  });

  test('only the keys asked for; none means all', async () => {
    expect((await ask(4, { keys: ['retention.ms', 'no.such.key'] })).configs.map((each) => each.name)).toEqual([
      'retention.ms',
    ]);
    expect((await ask(4, { keys: [] })).configs.length).toBeGreaterThan(20);
  });

  test('dynamic configuration of the brokers comes between', async () => {
    await broker.write({ type: 'put', key: 'configs/broker/', value: '{"log.segment.bytes":"3000000"}' });
    expect(
      (await ask(4, { includeSynonyms: true })).byName
        .get('segment.bytes')
        ?.synonyms.map((each) => [each.value, each.source]),
    ).toEqual([
      ['3000000', 3],
      ['2000000', 4],
      ['1073741824', 5],
    ]);
  });

  test('that is missing, impossible or closed is refused', async () => {
    expect((await ask(4, { name: 'none' })).errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    expect((await ask(4, { name: 'a/b' })).errorCode).toBe(ErrorCode.INVALID_TOPIC_EXCEPTION);
    const closed = await ask(4, {}, { denied: ['t'] });
    expect([closed.errorCode, closed.configs]).toEqual([ErrorCode.TOPIC_AUTHORIZATION_FAILED, []]);
  });
});

describe('a broker', () => {
  test('tells its own configuration', async () => {
    const { errorCode, byName } = await ask(4, { type: BROKER, name: '0' });
    expect(errorCode).toBe(0);
    expect(byName.get('log.retention.hours')).toMatchObject({ value: '2', configSource: 4, configType: 3 });
    expect(byName.get('num.partitions')).toMatchObject({ value: '1', configSource: 5, readOnly: true });
    expect(byName.get('log.segment.bytes')).toMatchObject({ readOnly: false });
  });

  test('does not answer for another', async () => {
    expect((await ask(4, { type: BROKER, name: '7' })).errorCode).toBe(ErrorCode.INVALID_REQUEST);
    expect((await ask(4, { type: BROKER, name: 'x' })).errorCode).toBe(ErrorCode.INVALID_REQUEST);
  });

  test('without a name: what all brokers share', async () => {
    expect((await ask(4, { type: BROKER, name: '' })).configs).toEqual([]);
    await broker.write({ type: 'put', key: 'configs/broker/', value: '{"log.segment.bytes":"3000000"}' });
    expect((await ask(4, { type: BROKER, name: '' })).configs).toMatchObject([
      { name: 'log.segment.bytes', value: '3000000', configSource: 3 },
    ]);
  });

  test('is closed to who may not read the configuration of the cluster', async () => {
    expect((await ask(4, { type: BROKER, name: '0' }, { denied: ['kafka-cluster'] })).errorCode).toBe(
      ErrorCode.CLUSTER_AUTHORIZATION_FAILED,
    );
  });
});

describe('groups and client metrics', () => {
  test('have a configuration whether they exist or not, and what was set for them', async () => {
    await broker.write(
      { type: 'put', key: 'configs/group/g', value: '{"consumer.session.timeout.ms":"50000"}' },
      { type: 'put', key: 'configs/client-metrics/m', value: '{"metrics":"*"}' },
    );
    const group = await ask(4, { type: 32, name: 'g', includeSynonyms: true });
    expect(group.byName.get('consumer.session.timeout.ms')).toMatchObject({
      ...{ value: '50000', configSource: 8, readOnly: false },
      synonyms: [
        { name: 'consumer.session.timeout.ms', value: '50000', source: 8 },
        { name: 'group.consumer.session.timeout.ms', value: '45000', source: 5 },
      ],
    });
    expect((await ask(4, { type: 32, name: 'h' })).byName.get('share.isolation.level')).toMatchObject({
      ...{ value: 'read_uncommitted', configSource: 5 },
    });
    const metrics = await ask(4, { type: 16, name: 'm' });
    expect(metrics.configs.map(({ name, value, configSource }) => [name, value, configSource])).toEqual([
      ['interval.ms', '300000', 5],
      ['match', '', 5],
      ['metrics', '*', 7],
    ]);
  });

  test('need a name', async () => {
    expect((await ask(4, { type: 32, name: '' })).errorCode).toBe(ErrorCode.INVALID_REQUEST);
    expect((await ask(4, { type: 16, name: '' })).errorCode).toBe(ErrorCode.INVALID_REQUEST);
  });

  test('are closed to who may not read them', async () => {
    expect((await ask(4, { type: 32, name: 'g' }, { denied: ['g'] })).errorCode).toBe(
      ErrorCode.GROUP_AUTHORIZATION_FAILED,
    );
    expect((await ask(4, { type: 16, name: 'm' }, { denied: ['kafka-cluster'] })).errorCode).toBe(
      ErrorCode.CLUSTER_AUTHORIZATION_FAILED,
    );
  });
});

test.each([8, 99])('resource type %i is refused with a reason', async (type) => {
  const { errorCode, errorMessage, resourceType } = await ask(4, { type, name: '7' });
  expect([errorCode, resourceType]).toEqual([ErrorCode.INVALID_REQUEST, type]);
  expect(errorMessage).toBeTruthy();
});
