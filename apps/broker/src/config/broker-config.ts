import type { ConfigDef, ConfigTable, ConfigValue, ConfigValues } from './config-def.ts';
import { parseConfigValue } from './config-text.ts';
import { listenerConfigDef } from './connection-limits.ts';
import { groupConfigs } from './definitions/group.ts';
import { logConfigs } from './definitions/log.ts';
import { ksConfigs, networkConfigs } from './definitions/network.ts';
import { metadataStoreConfigs } from './definitions/metadata-store.ts';
import { nodeConfigs } from './definitions/node.ts';
import { transactionConfigs } from './definitions/transaction.ts';
import { type HttpListener, parseHttpListener } from './http-listener.ts';
import { inapplicableKeys } from './inapplicable-keys.ts';
import { keysWithoutEffect } from './keys-without-effect.ts';
import { type Listeners, parseListeners } from './listeners.ts';
import { type MetadataStoreLocation, metadataStoreFaults, parseMetadataStore } from './metadata-store.ts';

/** Every broker key that ks acts on, under Kafka's names; `ks.` where Kafka has none. */
export const brokerConfigs = {
  ...nodeConfigs,
  ...metadataStoreConfigs,
  ...networkConfigs,
  ...logConfigs,
  ...groupConfigs,
  ...transactionConfigs,
  ...ksConfigs,
};

export type BrokerConfigValues = ConfigValues<typeof brokerConfigs>;
export type BrokerConfigName = keyof BrokerConfigValues;

/** A broker's configuration as it started: immutable, checked. */
export interface BrokerConfig {
  /** Typed values by Kafka's names: `values['log.segment.bytes']`. */
  readonly values: BrokerConfigValues;
  /** The texts that were given (file, environment, flags), by key: what DescribeConfigs calls the static broker config. */
  readonly explicit: ReadonlyMap<string, string>;
  /** `node.id`, else `broker.id`, else 1. */
  readonly nodeId: number;
  /** `log.dirs`, else `log.dir`. At least one, without repetition. */
  readonly logDirs: readonly string[];
  readonly listeners: Listeners;
  /** `ks.http.listener`; undefined: no HTTP. */
  readonly httpListener: HttpListener | undefined;
  readonly metadataStore: MetadataStoreLocation;
}

/** A configuration that cannot be used. The message is one line: every fault with its key and what is allowed. */
export class ConfigError extends Error {
  constructor(faults: readonly string[]) {
    super(faults.join('; '));
    this.name = 'ConfigError';
  }
}

/** The broker key's definition, also of `listener.name.NAME.key`; undefined for a key that ks does not act on. */
export function brokerConfigDef(name: string): ConfigDef | undefined {
  return Object.hasOwn(brokerConfigs, name) ? (brokerConfigs as ConfigTable)[name] : listenerConfigDef(name);
}

function ignored(name: string): string {
  return inapplicableKeys.has(name) || name.startsWith('listener.name.')
    ? `${name} has no effect: ks does without it or cannot do it yet`
    : `${name} is unknown and has no effect`;
}

function resolveLogDirs(values: BrokerConfigValues): readonly string[] {
  return [...new Set(values['log.dirs'] ?? values['log.dir'])].filter((directory) => directory !== '');
}

/** Faults that only several keys together can have. */
function jointFaults(values: BrokerConfigValues): readonly string[] {
  const faults: string[] = [];
  if (resolveLogDirs(values).length === 0) faults.push('log.dirs: at least one directory is needed');
  if (values['group.min.session.timeout.ms'] > values['group.max.session.timeout.ms']) {
    faults.push('group.min.session.timeout.ms: must not be above group.max.session.timeout.ms');
  }
  const { 'node.id': nodeId, 'broker.id': brokerId } = values;
  if (nodeId !== null && brokerId >= 0 && nodeId !== brokerId)
    faults.push('broker.id: must equal node.id or be absent');
  return [...faults, ...metadataStoreFaults(values)];
}

function resolveNodeId(values: BrokerConfigValues): number {
  if (values['node.id'] !== null) return values['node.id'];
  return values['broker.id'] >= 0 ? values['broker.id'] : 1;
}

/** Makes the configuration from texts by key. Throws `ConfigError`; keys that ks does not act on only give warnings. */
export function brokerConfigOf(explicit: ReadonlyMap<string, string>): {
  readonly config: BrokerConfig;
  readonly warnings: readonly string[];
} {
  const parsed: Record<string, ConfigValue> = {};
  const faults: string[] = [];
  const warnings: string[] = [];
  for (const [name, def] of Object.entries<ConfigDef>(brokerConfigs)) parsed[name] = def.default;
  for (const [name, raw] of explicit) {
    const def = brokerConfigDef(name);
    if (def === undefined) {
      warnings.push(ignored(name));
      continue;
    }
    const result = parseConfigValue(name, def, raw);
    if (result.ok) parsed[name] = result.value;
    else faults.push(result.message);
    const reason = keysWithoutEffect.get(name);
    if (reason !== undefined) warnings.push(`${name} has no effect: ${reason}`);
  }
  // Every key of the table was just given its default or a value of its type.
  const values = parsed as BrokerConfigValues;
  const listeners = parseListeners(values);
  if (faults.length === 0) faults.push(...jointFaults(values));
  if (!listeners.ok) faults.push(listeners.message);
  if (faults.length > 0 || !listeners.ok) throw new ConfigError(faults);
  const config: BrokerConfig = {
    values,
    explicit: new Map([...explicit].filter(([name]) => brokerConfigDef(name) !== undefined)),
    nodeId: resolveNodeId(values),
    logDirs: resolveLogDirs(values),
    listeners: listeners.value,
    httpListener: parseHttpListener(values['ks.http.listener'] ?? ''),
    metadataStore: parseMetadataStore(values['metadata.store']) ?? { type: 'embedded' },
  };
  return { config, warnings: [...warnings, ...listeners.warnings] };
}
