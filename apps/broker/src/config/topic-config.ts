import type { CompressionType } from '@ks/protocol';
import { defaultLogConfig, type LogConfig } from '../storage/log-config.ts';
import { type ConfigDef, type ConfigTable, type ConfigValues, MAX_LONG } from './config-def.ts';
import { type BrokerLayers, type ConfigEntry, describeTable, type Overrides, resolveTable } from './config-entry.ts';
import { parseConfigValue } from './config-text.ts';
import { topicConfigs } from './definitions/topic.ts';

export { topicConfigs };

/** A topic's effective configuration, typed, by Kafka's names: `config['retention.ms']`. */
export type TopicConfig = ConfigValues<typeof topicConfigs>;

/** The definition of a topic key, undefined where Kafka has no such key. */
export function topicConfigDef(name: string): ConfigDef | undefined {
  return Object.hasOwn(topicConfigs, name) ? (topicConfigs as ConfigTable)[name] : undefined;
}

/** One line that says why a topic must not be given this value (INVALID_CONFIG), or undefined where it may. */
export function topicConfigFault(name: string, value: string | null): string | undefined {
  const def = topicConfigDef(name);
  if (def === undefined) return `Unknown topic config name: ${name}`;
  if (value === null) return `${name}: null is not allowed`;
  const parsed = parseConfigValue(name, def, value);
  return parsed.ok ? undefined : parsed.message;
}

/** One line that says why a topic's overrides do not go together (INVALID_CONFIG), or undefined where they do. */
export function topicJointFault(overrides: ReadonlyMap<string, string>): string | undefined {
  const number = (name: string): number | undefined => {
    const def = topicConfigDef(name);
    const text = overrides.get(name);
    const parsed = def === undefined || text === undefined ? undefined : parseConfigValue(name, def, text);
    return parsed?.ok === true && typeof parsed.value === 'number' ? parsed.value : undefined;
  };
  const [min = 0, max = MAX_LONG] = [number('min.compaction.lag.ms'), number('max.compaction.lag.ms')];
  if (min > max) return `min.compaction.lag.ms (${min}) must not be above max.compaction.lag.ms (${max})`;
  if (overrides.get('remote.storage.enable')?.trim().toLowerCase() === 'true') {
    return 'remote.storage.enable: ks has no tiered storage yet';
  }
  return undefined;
}

/** The effective configuration of a topic: its overrides, else the broker's keys, else Kafka's defaults. */
export function resolveTopicConfig(overrides: Overrides, brokers: BrokerLayers): TopicConfig {
  return resolveTable(topicConfigs, overrides, brokers);
}

/** All keys of a topic for DescribeConfigs, in the table's order. */
export function describeTopicConfig(overrides: Overrides, brokers: BrokerLayers): readonly ConfigEntry[] {
  return describeTable(topicConfigs, {
    overrides,
    brokers,
    source: 'DYNAMIC_TOPIC_CONFIG',
    namesOwnDefault: false,
  });
}

/** What storage needs of a topic's configuration. */
export function logConfigOf(config: TopicConfig): LogConfig {
  return {
    segmentBytes: config['segment.bytes'],
    segmentMs: config['segment.ms'],
    segmentJitterMs: config['segment.jitter.ms'],
    segmentIndexBytes: config['segment.index.bytes'],
    indexIntervalBytes: config['index.interval.bytes'],
    retentionMs: config['retention.ms'],
    retentionBytes: config['retention.bytes'],
    fileDeleteDelayMs: config['file.delete.delay.ms'],
    flushMessages: config['flush.messages'],
    flushMs: config['flush.ms'],
    // A key of the broker's, not of topics.
    producerIdExpirationMs: defaultLogConfig.producerIdExpirationMs,
    cleanupPolicy: {
      delete: config['cleanup.policy'].includes('delete'),
      compact: config['cleanup.policy'].includes('compact'),
    },
    minCleanableDirtyRatio: config['min.cleanable.dirty.ratio'],
    minCompactionLagMs: config['min.compaction.lag.ms'],
    maxCompactionLagMs: config['max.compaction.lag.ms'],
    deleteRetentionMs: config['delete.retention.ms'],
    maxMessageBytes: config['max.message.bytes'],
    maxDecompressedMessageBytes: config['max.decompressed.message.bytes'],
    ...compressionOf(config),
    messageTimestampType: config['message.timestamp.type'] === 'LogAppendTime' ? 'LogAppendTime' : 'CreateTime',
    messageTimestampBeforeMaxMs: config['message.timestamp.before.max.ms'],
    messageTimestampAfterMaxMs: config['message.timestamp.after.max.ms'],
  };
}

const codecNames: ReadonlyMap<string, CompressionType> = new Map([
  ['uncompressed', 'none'],
  ['gzip', 'gzip'],
  ['snappy', 'snappy'],
  ['lz4', 'lz4'],
  ['zstd', 'zstd'],
]);

function compressionOf(config: TopicConfig): Pick<LogConfig, 'compressionType' | 'compressionLevel'> {
  const compressionType = codecNames.get(config['compression.type']) ?? 'producer';
  switch (compressionType) {
    case 'gzip':
      return { compressionType, compressionLevel: config['compression.gzip.level'] };
    case 'lz4':
      return { compressionType, compressionLevel: config['compression.lz4.level'] };
    case 'zstd':
      return { compressionType, compressionLevel: config['compression.zstd.level'] };
    default:
      return { compressionType, compressionLevel: undefined };
  }
}
