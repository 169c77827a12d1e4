import { type BrokerConfigValues, brokerConfigDef, brokerConfigs } from './broker-config.ts';
import { type ConfigDef, type ConfigTable, type ConfigValue, long } from './config-def.ts';
import { type BrokerLayers, brokerSynonyms, type ConfigEntry, configEntry, layersOf } from './config-entry.ts';
import { formatConfigValue, parseConfigValue } from './config-text.ts';

/** Keys that Kafka changes while a broker runs and ks does not: a listener or a thread pool cannot be remade in place here. */
const fixedHere: ReadonlySet<string> = new Set([
  'listeners',
  'listener.security.protocol.map',
  'num.recovery.threads.per.data.dir',
]);

const clusterWide = { updateMode: 'cluster-wide' } as const;

/** Rates that tools set for a reassignment and take away after it. Kafka shows them to nobody. */
const throttleConfigs = {
  'leader.replication.throttled.rate': long(null, { min: 0 }, 'Bytes a second for throttled followers.', clusterWide),
  'follower.replication.throttled.rate': long(null, { min: 0 }, 'Bytes a second of throttled fetching.', clusterWide),
  'replica.alter.log.dirs.io.max.bytes.per.second': long(
    null,
    { min: 0 },
    'Bytes a second between disks.',
    clusterWide,
  ),
} satisfies ConfigTable;

function isFixed(name: string, def: ConfigDef): boolean {
  return def.updateMode === 'read-only' || fixedHere.has(name);
}

/** One line that says why a broker's key must not be changed to this value while brokers run, or undefined where it may. */
export function brokerConfigFault(name: string, value: string, isClusterDefault: boolean): string | undefined {
  const throttles: ConfigTable = throttleConfigs;
  const def = brokerConfigDef(name) ?? (Object.hasOwn(throttles, name) ? throttles[name] : undefined);
  if (def === undefined) return `${name}: ks has no such broker config, so that it cannot be changed`;
  if (isFixed(name, def)) return `${name} can only be set before a broker starts`;
  if (isClusterDefault && def.updateMode === 'per-broker')
    return `${name} can only be changed for each broker by itself`;
  const parsed = parseConfigValue(name, def, value);
  return parsed.ok ? undefined : parsed.message;
}

/** The broker's values in force: what it started with, under what was changed since. */
export function brokerValuesInForce(brokers: BrokerLayers): BrokerConfigValues {
  const values: Record<string, ConfigValue> = { ...brokers.config.values };
  for (const [name, def] of Object.entries<ConfigDef>(brokerConfigs)) {
    if (!isFixed(name, def)) values[name] = valueInForce(name, def, brokers);
  }
  // Every value is of its key's type still.
  return values as BrokerConfigValues;
}

/** The strongest value that parses, else the default. */
export function valueInForce(name: string, def: ConfigDef, brokers: BrokerLayers): ConfigValue {
  for (const [, layer] of layersOf(brokers)) {
    const value = layer?.get(name);
    if (value === undefined) continue;
    const parsed = parseConfigValue(name, def, value);
    if (parsed.ok) return parsed.value;
  }
  return def.default;
}

/** Bytes a second of throttled replication; undefined where nobody set a rate. */
export function throttledRateInForce(
  name: 'leader.replication.throttled.rate' | 'follower.replication.throttled.rate',
  brokers: BrokerLayers,
): number | undefined {
  const rate = valueInForce(name, throttleConfigs[name], brokers);
  return typeof rate === 'number' ? rate : undefined;
}

/** Keys that stand in for another one, each family with the strongest first. */
const families: readonly (readonly string[])[] = [
  ['log.retention.ms', 'log.retention.minutes', 'log.retention.hours'],
  ['log.roll.ms', 'log.roll.hours'],
  ['log.roll.jitter.ms', 'log.roll.jitter.hours'],
  ['log.flush.interval.ms', 'log.flush.scheduler.interval.ms'],
];

function namesOf(name: string): readonly string[] {
  const family = families.find((each) => each.includes(name));
  return family === undefined ? [name] : [name, ...family.slice(family.indexOf(name) + 1)];
}

/** All keys of a broker for DescribeConfigs. Values of passwords are null and marked sensitive. */
export function describeBrokerConfig(
  brokers: BrokerLayers,
  table: ConfigTable = brokerConfigs,
): readonly ConfigEntry[] {
  return Object.entries(table).map(([name, def]) => {
    const synonyms = brokerSynonyms(def, namesOf(name), brokers);
    const isId = name === 'node.id' || name === 'broker.id';
    const value = isId ? String(brokers.config.nodeId) : formatConfigValue(def, valueInForce(name, def, brokers));
    const sourceInForce = synonyms[0]?.source ?? 'DEFAULT_CONFIG';
    return configEntry(name, def, { value, sourceInForce, synonyms, readOnly: isFixed(name, def) });
  });
}

/** The keys that were changed for all brokers, for DescribeConfigs of the broker without a name. */
export function describeClusterConfig(brokers: BrokerLayers): readonly ConfigEntry[] {
  return describeBrokerConfig(brokers).flatMap((entry) => {
    const shared = entry.synonyms.find((each) => each.source === 'DYNAMIC_DEFAULT_BROKER_CONFIG');
    return shared === undefined ? [] : [{ ...entry, value: shared.value, source: shared.source, synonyms: [shared] }];
  });
}
