import { parse } from 'yaml';
import { usage } from '../errors/usage.ts';
import { commandConfigSettings, parseProperties } from './command-config.ts';

/** Whose files can be read. */
export const importKinds = ['client.properties', 'kcat', 'rpk', 'kafkactl', 'kaf'] as const;
export type ImportKind = (typeof importKinds)[number];

/** A cluster that a file names; `name` is undefined where the file is about one cluster and does not name it. */
export interface ImportedProfile {
  readonly name: string | undefined;
  readonly values: Readonly<Record<string, string>>;
  readonly isCurrent: boolean;
}

/** The clusters of another tool's file, with what of each has a meaning here. Throws a usage error for TLS and SASL. */
export function importProfiles(text: string, kind: ImportKind, path: string): readonly ImportedProfile[] {
  if (kind === 'client.properties') {
    return [{ name: undefined, values: commandConfigSettings(parseProperties(text), path), isCurrent: true }];
  }
  if (kind === 'kcat') {
    const properties = new Map(parseProperties(text));
    const brokers = properties.get('metadata.broker.list');
    if (brokers !== undefined) properties.set('bootstrap.servers', brokers);
    const protocol = properties.get('security.protocol');
    if (protocol !== undefined) properties.set('security.protocol', protocol.toUpperCase());
    return [{ name: undefined, values: commandConfigSettings(properties, path), isCurrent: true }];
  }
  const parsed: unknown = usage(() => parse(text));
  if (kind === 'rpk') return fromRpk(parsed, path);
  return kind === 'kaf' ? fromKaf(parsed, path) : fromKafkactl(parsed, path);
}

function fromRpk(file: unknown, path: string): readonly ImportedProfile[] {
  const current = field(file, 'current_profile');
  return list(field(file, 'profiles')).map((profile) => {
    const kafka = field(profile, 'kafka_api');
    const security = { tls: field(kafka, 'tls'), sasl: field(kafka, 'sasl') };
    return imported(field(profile, 'name'), field(kafka, 'brokers'), security, current, path);
  });
}

function fromKaf(file: unknown, path: string): readonly ImportedProfile[] {
  const current = field(file, 'current-cluster');
  return list(field(file, 'clusters')).map((cluster) => {
    const protocol = field(cluster, 'security-protocol');
    const security = {
      tls: field(cluster, 'TLS'),
      sasl: field(cluster, 'SASL'),
      protocol: protocol === '' ? null : protocol,
    };
    return imported(field(cluster, 'name'), field(cluster, 'brokers'), security, current, path);
  });
}

function fromKafkactl(file: unknown, path: string): readonly ImportedProfile[] {
  const current = field(file, 'current-context');
  return Object.entries(map(field(file, 'contexts'))).map(([name, context]) => {
    const enabled = (key: string): unknown => (field(field(context, key), 'enabled') === true ? true : null);
    return imported(name, field(context, 'brokers'), { tls: enabled('tls'), sasl: enabled('sasl') }, current, path);
  });
}

function imported(
  name: unknown,
  brokers: unknown,
  security: Readonly<Record<string, unknown>>,
  current: unknown,
  path: string,
): ImportedProfile {
  const asked = Object.entries(security).find(([, value]) => value !== undefined && value !== null && value !== false);
  // The same refusal as for a Java client's properties.
  if (asked !== undefined) commandConfigSettings(new Map([[`ssl.${asked[0]}`, '']]), path);
  const named = typeof name === 'string' && name !== '' ? name : undefined;
  const addresses = list(brokers).map(String).join(',');
  return { name: named, values: addresses === '' ? {} : { brokers: addresses }, isCurrent: name === current };
}

function map(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function field(value: unknown, name: string): unknown {
  return map(value)[name];
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
