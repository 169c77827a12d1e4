import { describe, expect, test } from 'vitest';
import { brokerConfigOf } from './broker-config.ts';
import { defaultLogConfig } from '../storage/log-config.ts';
import { describeBrokerConfig } from './dynamic-broker-config.ts';
import { describeTopicConfig, logConfigOf, resolveTopicConfig, topicConfigFault } from './topic-config.ts';

const brokers = (explicit: Record<string, string>) => ({
  config: brokerConfigOf(new Map(Object.entries(explicit))).config,
});

describe('topic configuration', () => {
  test('without any override it is Kafka’s default', () => {
    expect(logConfigOf(resolveTopicConfig(undefined, brokers({})))).toEqual(defaultLogConfig);
  });

  test('milliseconds win over minutes, minutes over hours, and a topic over all', () => {
    const retention = (explicit: Record<string, string>, own: [string, string][] = []) =>
      resolveTopicConfig(new Map(own), brokers(explicit))['retention.ms'];
    expect(retention({ 'log.retention.hours': '2' })).toBe(7_200_000);
    expect(retention({ 'log.retention.hours': '2', 'log.retention.minutes': '3' })).toBe(180_000);
    expect(retention({ 'log.retention.minutes': '3', 'log.retention.ms': '4' })).toBe(4);
    expect(retention({ 'log.retention.ms': '4' }, [['retention.ms', '5']])).toBe(5);
    expect(retention({ 'log.retention.hours': '-1' })).toBe(-1);
  });

  test('a dynamic broker value wins over the static one, a broker’s own over the cluster’s', () => {
    const config = brokers({ 'log.segment.bytes': '2000000' }).config;
    const dynamicDefault = new Map([['log.segment.bytes', '3000000']]);
    const dynamic = new Map([['log.segment.bytes', '4000000']]);
    expect(resolveTopicConfig(undefined, { config, dynamicDefault })['segment.bytes']).toBe(3000000);
    expect(resolveTopicConfig(undefined, { config, dynamicDefault, dynamic })['segment.bytes']).toBe(4000000);
  });

  test('a stored value that no longer parses falls through to the next', () => {
    const own = new Map([['segment.bytes', 'many']]);
    expect(resolveTopicConfig(own, brokers({ 'log.segment.bytes': '2000000' }))['segment.bytes']).toBe(2000000);
  });

  test('DescribeConfigs sees the source and every synonym in its own unit, strongest first', () => {
    const explicit = { 'log.retention.ms': '7', 'log.retention.hours': '2' };
    const entries = describeTopicConfig(new Map([['retention.ms', '5']]), brokers(explicit));
    expect(entries.find(({ name }) => name === 'retention.ms')).toMatchObject({
      value: '5',
      source: 'DYNAMIC_TOPIC_CONFIG',
      type: 'long',
      readOnly: false,
      synonyms: [
        { name: 'retention.ms', value: '5', source: 'DYNAMIC_TOPIC_CONFIG' },
        { name: 'log.retention.ms', value: '7', source: 'STATIC_BROKER_CONFIG' },
        { name: 'log.retention.hours', value: '2', source: 'STATIC_BROKER_CONFIG' },
        { name: 'log.retention.hours', value: '168', source: 'DEFAULT_CONFIG' },
      ],
    });
  });

  test('as in Kafka, hours alone are in force but no synonym of milliseconds', () => {
    const entries = describeTopicConfig(undefined, brokers({ 'log.retention.hours': '2' }));
    expect(entries.find(({ name }) => name === 'retention.ms')).toMatchObject({
      value: '7200000',
      source: 'DEFAULT_CONFIG',
      synonyms: [],
    });
  });

  test('DescribeConfigs of a broker', () => {
    const entries = describeBrokerConfig(brokers({ 'num.partitions': '3' }));
    expect(entries.find(({ name }) => name === 'num.partitions')).toMatchObject({
      value: '3',
      source: 'STATIC_BROKER_CONFIG',
      readOnly: true,
    });
  });

  test.each([
    ['retention.ms', '1', undefined],
    ['retention.ms', null, 'retention.ms: null is not allowed'],
    ['retention.mss', '1', 'Unknown topic config name: retention.mss'],
    ['toString', '1', 'Unknown topic config name: toString'],
    ['cleanup.policy', 'compact,delete', undefined],
    [
      'cleanup.policy',
      'shred',
      'cleanup.policy: "shred" is not allowed; allowed: a comma-separated list of compact, delete',
    ],
    ['leader.replication.throttled.replicas', '0:1,1:2', undefined],
  ])('%s=%s', (name, value, fault) => {
    expect(topicConfigFault(name, value)).toBe(fault);
  });
});

test('an override is shown as it was understood', () => {
  const own = new Map([
    ['cleanup.policy', ' compact, delete'],
    ['preallocate', 'TRUE'],
  ]);
  const entries = describeTopicConfig(own, brokers({}));
  const shown = (name: string) => entries.find((entry) => entry.name === name)?.synonyms[0]?.value;
  expect([shown('cleanup.policy'), shown('preallocate')]).toEqual(['compact,delete', 'true']);
});
