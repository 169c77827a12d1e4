import { defaultLogConfig, type LogConfig } from '../storage/log-config.ts';
import { type BrokerConfig, brokerConfigDef } from './broker-config.ts';
import type { ConfigDef, ConfigTable, ConfigType, ConfigValue, ConfigValues } from './config-def.ts';
import { formatConfigValue, parseConfigValue } from './config-text.ts';
import { topicConfigs } from './definitions/topic.ts';

export { topicConfigs };

/** A topic's effective configuration, typed, by Kafka's names: `config['retention.ms']`. */
export type TopicConfig = ConfigValues<typeof topicConfigs>;

/** DescribeConfigs' sources, by Kafka's names. */
export type ConfigSource =
  | 'DYNAMIC_TOPIC_CONFIG'
  | 'DYNAMIC_BROKER_CONFIG'
  | 'DYNAMIC_DEFAULT_BROKER_CONFIG'
  | 'STATIC_BROKER_CONFIG'
  | 'DEFAULT_CONFIG';

/** One value that a key could take its effective value from. */
export interface ConfigSynonym {
  readonly name: string;
  readonly value: string | null;
  readonly source: ConfigSource;
}

/** One key as DescribeConfigs tells it; `synonyms` is what applies, strongest first, the first being in force. */
export interface ConfigEntry {
  readonly name: string;
  readonly value: string | null;
  readonly type: ConfigType;
  readonly source: ConfigSource;
  readonly readOnly: boolean;
  readonly sensitive: boolean;
  readonly documentation: string;
  readonly synonyms: readonly ConfigSynonym[];
}

/** Overrides by key, as the cluster image holds them. */
export type Overrides = ReadonlyMap<string, string> | undefined;

/** Where the layers between a topic's overrides and the defaults are found. */
export interface BrokerLayers {
  readonly config: BrokerConfig;
  /** `broker/<id>` of the image. */
  readonly dynamic?: Overrides;
  /** `broker/` of the image: the cluster-wide default. */
  readonly dynamicDefault?: Overrides;
}

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

/** A synonym's value in the topic key's unit; negative values mean "unlimited" and are not scaled. */
function scaled(value: string, scale: number): string {
  const amount = Number(value);
  return scale === 1 || amount < 0 ? value : String(amount * scale);
}

function layersOf(brokers: BrokerLayers): readonly (readonly [ConfigSource, Overrides])[] {
  return [
    ['DYNAMIC_BROKER_CONFIG', brokers.dynamic],
    ['DYNAMIC_DEFAULT_BROKER_CONFIG', brokers.dynamicDefault],
    ['STATIC_BROKER_CONFIG', brokers.config.explicit],
  ];
}

/** Everything that says something about a topic key, strongest first; the last one is its default. */
function candidates(name: string, def: ConfigDef, overrides: Overrides, brokers: BrokerLayers): ConfigSynonym[] {
  const found: ConfigSynonym[] = [];
  const own = overrides?.get(name);
  if (own !== undefined) found.push({ name, value: own, source: 'DYNAMIC_TOPIC_CONFIG' });
  for (const { name: synonym, scale } of def.synonyms) {
    for (const [source, layer] of layersOf(brokers)) {
      const value = layer?.get(synonym);
      if (value !== undefined) found.push({ name: synonym, value: scaled(value, scale), source });
    }
  }
  const synonym = def.synonyms[0]?.name ?? name;
  found.push({ name: synonym, value: formatConfigValue(def, def.default), source: 'DEFAULT_CONFIG' });
  return found;
}

/** The strongest candidate that parses: a stored value that a newer release refuses must not stop a broker. */
function effective(name: string, def: ConfigDef, found: readonly ConfigSynonym[]): ConfigValue {
  for (const { value } of found) {
    if (value === null) continue;
    const parsed = parseConfigValue(name, def, value);
    if (parsed.ok) return parsed.value;
  }
  return def.default;
}

/** The effective configuration of a topic: its overrides, else the broker's keys, else Kafka's defaults. */
export function resolveTopicConfig(overrides: Overrides, brokers: BrokerLayers): TopicConfig {
  const values: Record<string, ConfigValue> = {};
  for (const [name, def] of Object.entries<ConfigDef>(topicConfigs)) {
    values[name] = effective(name, def, candidates(name, def, overrides, brokers));
  }
  // Every key of the table was just given a value of its type.
  return values as TopicConfig;
}

/** All keys of a topic for DescribeConfigs, in the table's order. */
export function describeTopicConfig(overrides: Overrides, brokers: BrokerLayers): readonly ConfigEntry[] {
  return Object.entries<ConfigDef>(topicConfigs).map(([name, def]) => {
    const synonyms = candidates(name, def, overrides, brokers);
    const [strongest] = synonyms;
    const source = strongest?.source ?? 'DEFAULT_CONFIG';
    return entry(name, def, formatConfigValue(def, effective(name, def, synonyms)), source, synonyms, false);
  });
}

/** All keys of a broker for DescribeConfigs. Values of passwords are null and marked sensitive. */
export function describeBrokerConfig(brokers: BrokerLayers, table: ConfigTable): readonly ConfigEntry[] {
  return Object.entries(table).map(([name, def]) => {
    const synonyms: ConfigSynonym[] = [];
    for (const [source, layer] of layersOf(brokers)) {
      const value = layer?.get(name);
      if (value !== undefined) synonyms.push({ name, value, source });
    }
    synonyms.push({ name, value: formatConfigValue(def, def.default), source: 'DEFAULT_CONFIG' });
    const source = synonyms[0]?.source ?? 'DEFAULT_CONFIG';
    const value = formatConfigValue(def, effective(name, def, synonyms));
    return entry(name, def, value, source, synonyms, brokerConfigDef(name)?.updateMode === 'read-only');
  });
}

function entry(
  name: string,
  def: ConfigDef,
  value: string | null,
  source: ConfigSource,
  synonyms: readonly ConfigSynonym[],
  readOnly: boolean,
): ConfigEntry {
  const sensitive = def.type === 'password';
  return {
    name,
    value: sensitive ? null : value,
    type: def.type,
    source,
    readOnly,
    sensitive,
    documentation: def.doc,
    synonyms: sensitive ? synonyms.map((each) => ({ ...each, value: null })) : synonyms,
  };
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
    maxMessageBytes: config['max.message.bytes'],
    messageTimestampType: config['message.timestamp.type'] === 'LogAppendTime' ? 'LogAppendTime' : 'CreateTime',
    messageTimestampBeforeMaxMs: config['message.timestamp.before.max.ms'],
    messageTimestampAfterMaxMs: config['message.timestamp.after.max.ms'],
  };
}
