import type { BrokerConfig } from './broker-config.ts';
import type { ConfigDef, ConfigTable, ConfigValues } from './config-def.ts';
import { type BrokerLayers, type ConfigEntry, describeTable, type Overrides, resolveTable } from './config-entry.ts';
import { parseConfigValue } from './config-text.ts';
import { clientMetricsConfigs } from './definitions/client-metrics.ts';
import { groupResourceConfigs } from './definitions/group-resource.ts';
import { groupLimitFault } from './group-limits.ts';

/** A group's effective configuration, typed, by Kafka's names: `config['consumer.session.timeout.ms']`. */
export type GroupResourceConfig = ConfigValues<typeof groupResourceConfigs>;
/** A client metrics subscription. */
export type ClientMetricsConfig = ConfigValues<typeof clientMetricsConfigs>;

/** The definition of a group's key, undefined where Kafka has no such key. */
export function groupConfigDef(name: string): ConfigDef | undefined {
  return own(groupResourceConfigs, name);
}

/** The definition of a key of client metrics, undefined where Kafka has no such key. */
export function clientMetricsConfigDef(name: string): ConfigDef | undefined {
  return own(clientMetricsConfigs, name);
}

function own(table: ConfigTable, name: string): ConfigDef | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** One line that says why a group must not be given this value (INVALID_CONFIG), or undefined where it may. */
export function groupConfigFault(name: string, value: string, config: BrokerConfig): string | undefined {
  const def = groupConfigDef(name);
  if (def === undefined) return `Unknown group config name: ${name}`;
  const parsed = parseConfigValue(name, def, value);
  return parsed.ok ? groupLimitFault(name, parsed.value, config) : parsed.message;
}

/** One line that says why client metrics must not be given this value, or undefined where they may. */
export function clientMetricsConfigFault(name: string, value: string): string | undefined {
  const def = clientMetricsConfigDef(name);
  if (def === undefined) return `Unknown client metrics config name: ${name}`;
  const parsed = parseConfigValue(name, def, value);
  return parsed.ok ? undefined : parsed.message;
}

/** The effective configuration of a group: its overrides, else the broker's keys, else Kafka's defaults. */
export function resolveGroupConfig(overrides: Overrides, brokers: BrokerLayers): GroupResourceConfig {
  return resolveTable(groupResourceConfigs, overrides, brokers);
}

/** The effective configuration of a client metrics subscription. */
export function resolveClientMetricsConfig(overrides: Overrides, brokers: BrokerLayers): ClientMetricsConfig {
  return resolveTable(clientMetricsConfigs, overrides, brokers);
}

/** All keys of a group for DescribeConfigs. A group need not exist to have a configuration. */
export function describeGroupConfig(overrides: Overrides, brokers: BrokerLayers): readonly ConfigEntry[] {
  return describeTable(groupResourceConfigs, { overrides, brokers, source: 'GROUP_CONFIG', namesOwnDefault: true });
}

/** All keys of a client metrics subscription for DescribeConfigs. */
export function describeClientMetricsConfig(overrides: Overrides, brokers: BrokerLayers): readonly ConfigEntry[] {
  const source = 'CLIENT_METRICS_CONFIG';
  return describeTable(clientMetricsConfigs, { overrides, brokers, source, namesOwnDefault: false });
}
