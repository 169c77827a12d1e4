import { checkSetting, environmentName, settingKeys } from './setting-keys.ts';

/** One place that settings come from. */
export interface SettingLayer {
  /** As a person should read it: `-X`, `the environment`, `profile prod`. */
  readonly source: string;
  readonly values: Readonly<Record<string, string>>;
}

export interface ResolvedSetting {
  readonly key: string;
  readonly value: string;
  readonly source: string;
}

/** What commands act on. */
export interface Settings {
  /** `host:port`, separated by commas. */
  readonly brokers: string;
  readonly timeoutMs: number;
  readonly clientId: string;
  readonly isProtected: boolean;
  /** Commands that change something are refused. */
  readonly isReadOnly: boolean;
  /** The cluster as messages name it: `prod (kafka:9092)`, or the address alone. */
  readonly place: string;
  /** The profile that was used, if any. */
  readonly profile: string | undefined;
  /** Every setting that has a value, and where it came from. */
  readonly resolved: readonly ResolvedSetting[];
}

/** The keys that the environment sets. */
export function environmentLayer(environment: Readonly<Record<string, string | undefined>>): SettingLayer {
  const values: Record<string, string> = {};
  for (const { name } of settingKeys) {
    const value = environment[environmentName(name)];
    if (value !== undefined && value !== '') values[name] = value;
  }
  return { source: 'the environment', values };
}

/** The first layer that has a key wins; then its default. Throws a usage error for unknown keys and impossible values. */
export function resolveSettings(layers: readonly SettingLayer[], profile: string | undefined): Settings {
  for (const { source, values } of layers) {
    for (const [name, value] of Object.entries(values)) checkSetting(name, value, source);
  }
  const resolved = settingKeys.flatMap(({ name, default: fallback }): ResolvedSetting[] => {
    for (const { source, values } of layers) {
      const value = values[name];
      if (value !== undefined) return [{ key: name, value, source }];
    }
    return fallback === undefined ? [] : [{ key: name, value: fallback, source: 'the default' }];
  });
  const settingOf = (key: string): string => resolved.find((setting) => setting.key === key)?.value ?? '';
  const brokers = settingOf('brokers');
  return {
    brokers,
    timeoutMs: Number(settingOf('timeout')) * 1000,
    clientId: settingOf('client.id'),
    isProtected: settingOf('protected') === 'true',
    isReadOnly: settingOf('read.only') === 'true',
    place: profile === undefined ? brokers : `${profile} (${brokers})`,
    profile,
    resolved,
  };
}
