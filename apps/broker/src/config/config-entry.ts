import { type BrokerConfig, brokerConfigDef } from './broker-config.ts';
import type { ConfigDef, ConfigTable, ConfigType, ConfigValue, ConfigValues } from './config-def.ts';
import { formatConfigValue, parseConfigValue } from './config-text.ts';

/** DescribeConfigs' sources, by Kafka's names. */
export type ConfigSource =
  | 'DYNAMIC_TOPIC_CONFIG'
  | 'DYNAMIC_BROKER_CONFIG'
  | 'DYNAMIC_DEFAULT_BROKER_CONFIG'
  | 'STATIC_BROKER_CONFIG'
  | 'DEFAULT_CONFIG'
  | 'DYNAMIC_BROKER_LOGGER_CONFIG'
  | 'CLIENT_METRICS_CONFIG'
  | 'GROUP_CONFIG';

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
  /** Undefined where Kafka gives none: loggers. */
  readonly type: ConfigType | undefined;
  readonly source: ConfigSource;
  /** Where the value is really from: CreateTopics tells it where DescribeConfigs calls hours for milliseconds a default. */
  readonly sourceInForce: ConfigSource;
  readonly readOnly: boolean;
  readonly sensitive: boolean;
  readonly documentation: string | null;
  readonly synonyms: readonly ConfigSynonym[];
}

/** Overrides by key, as the cluster image holds them. */
export type Overrides = ReadonlyMap<string, string> | undefined;

/** Where the layers between a resource's overrides and the defaults are found. */
export interface BrokerLayers {
  readonly config: BrokerConfig;
  /** `broker/<id>` of the image. */
  readonly dynamic?: Overrides;
  /** `broker/` of the image: the cluster-wide default. */
  readonly dynamicDefault?: Overrides;
}

/** What broker keys say, strongest first. */
export function layersOf(brokers: BrokerLayers): readonly (readonly [ConfigSource, Overrides])[] {
  return [
    ['DYNAMIC_BROKER_CONFIG', brokers.dynamic],
    ['DYNAMIC_DEFAULT_BROKER_CONFIG', brokers.dynamicDefault],
    ['STATIC_BROKER_CONFIG', brokers.config.explicit],
  ];
}

/** A synonym's value in the resource key's unit; negative values mean "unlimited" and are not scaled. */
function scaled(value: string, scale: number): string {
  const amount = Number(value);
  return scale === 1 || amount < 0 ? value : String(amount * scale);
}

interface InForce {
  readonly value: ConfigValue;
  readonly source: ConfigSource;
}

/** The strongest value that parses: a stored value that a newer release refuses must not stop a broker. */
function inForce(name: string, def: ConfigDef, { overrides, brokers, source: own }: ResourceLayers): InForce {
  const stored = overrides?.get(name);
  const value = stored === undefined ? undefined : parsedValue(name, def, stored);
  if (value !== undefined) return { value, source: own };
  for (const { name: synonym, scale } of def.synonyms) {
    for (const [source, layer] of layersOf(brokers)) {
      const text = layer?.get(synonym);
      const below = text === undefined ? undefined : parsedValue(name, def, scaled(text, scale));
      if (below !== undefined) return { value: below, source };
    }
  }
  return { value: def.default, source: 'DEFAULT_CONFIG' };
}

function parsedValue(name: string, def: ConfigDef, text: string): ConfigValue | undefined {
  const parsed = parseConfigValue(name, def, text);
  return parsed.ok ? parsed.value : undefined;
}

/** The effective values of a resource whose keys take their defaults from broker keys. */
export function resolveTable<Table extends ConfigTable>(
  table: Table,
  overrides: Overrides,
  brokers: BrokerLayers,
): ConfigValues<Table> {
  const values: Record<string, ConfigValue> = {};
  const layers: ResourceLayers = { overrides, brokers, source: 'DYNAMIC_TOPIC_CONFIG' };
  for (const [name, def] of Object.entries(table)) values[name] = inForce(name, def, layers).value;
  // Every key of the table was just given a value of its type.
  return values as ConfigValues<Table>;
}

interface ResourceLayers {
  readonly overrides: Overrides;
  readonly brokers: BrokerLayers;
  /** What an override of the resource is called. */
  readonly source: ConfigSource;
}

export interface DescribedResource extends ResourceLayers {
  /** Whether a key without broker keys names its own default among the synonyms, as Kafka does for groups alone. */
  readonly namesOwnDefault: boolean;
}

/** All keys of a resource for DescribeConfigs, in the table's order. */
export function describeTable(table: ConfigTable, resource: DescribedResource): readonly ConfigEntry[] {
  const { overrides, brokers, source, namesOwnDefault } = resource;
  return Object.entries(table).map(([name, def]) => {
    const own = overrides?.get(name);
    const below = brokerSynonyms(
      def,
      def.synonyms.map((synonym) => synonym.name),
      brokers,
    );
    if (namesOwnDefault && def.synonyms.length === 0) {
      below.push({ name, value: formatConfigValue(def, def.default), source: 'DEFAULT_CONFIG' });
    }
    const { value: inForceNow, source: sourceInForce } = inForce(name, def, resource);
    const value = formatConfigValue(def, inForceNow);
    const synonyms: ConfigSynonym[] = own === undefined ? below : [{ name, value, source }, ...below];
    return configEntry(name, def, { value, sourceInForce, synonyms, readOnly: false });
  });
}

/**
 * What the broker keys `names` say for a key, in their own units. As in Kafka the list begins with the first of the keys: where
 * only a later one is set (hours for milliseconds), there are no synonyms.
 */
export function brokerSynonyms(def: ConfigDef, names: readonly string[], brokers: BrokerLayers): ConfigSynonym[] {
  const [first] = names;
  const found: ConfigSynonym[] = [];
  for (const name of names) {
    for (const [source, layer] of layersOf(brokers)) {
      const value = layer?.get(name);
      if (value !== undefined) found.push({ name, value, source });
    }
    const brokerDef = brokerConfigDef(name);
    const fallback = brokerDef === undefined ? formatConfigValue(def, def.default) : defaultOf(brokerDef);
    if (fallback !== null) found.push({ name, value: fallback, source: 'DEFAULT_CONFIG' });
  }
  const begin = found.findIndex(({ name }) => name === first);
  return begin < 0 ? [] : found.slice(begin);
}

function defaultOf(def: ConfigDef): string | null {
  return formatConfigValue(def, def.default);
}

/** A key as it is told: its source is that of the strongest synonym, and the value of a password stays here. */
export function configEntry(
  name: string,
  def: ConfigDef,
  known: Pick<ConfigEntry, 'value' | 'sourceInForce' | 'synonyms' | 'readOnly'>,
): ConfigEntry {
  const sensitive = def.type === 'password';
  return {
    name,
    value: sensitive ? null : known.value,
    type: def.type,
    source: known.synonyms[0]?.source ?? 'DEFAULT_CONFIG',
    sourceInForce: known.sourceInForce,
    readOnly: known.readOnly,
    sensitive,
    documentation: def.doc,
    synonyms: sensitive ? known.synonyms.map((each) => ({ ...each, value: null })) : known.synonyms,
  };
}
