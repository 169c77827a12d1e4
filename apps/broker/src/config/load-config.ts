import { type BrokerConfig, brokerConfigOf, brokerConfigs, ConfigError } from './broker-config.ts';
import { parseProperties, PropertiesError } from './properties.ts';

/** Where a configuration may come from; later wins: default, file, environment, flags. */
export interface ConfigSources {
  /** A `server.properties`, with its name for messages. */
  readonly file?: { readonly name: string; readonly contents: string };
  /** The process's environment; only `KS_*` counts. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly flags?: ReadonlyMap<string, string>;
}

/** `log.segment.bytes` is `KS_LOG_SEGMENT_BYTES`; a key that begins with `ks.` keeps one prefix. */
export function environmentName(key: string): string {
  const name = key.toUpperCase().replaceAll(/[.-]/g, '_');
  return name.startsWith('KS_') ? name : `KS_${name}`;
}

const keysByEnvironmentName: ReadonlyMap<string, string> = new Map(
  Object.keys(brokerConfigs).map((key) => [environmentName(key), key]),
);

function fromFile(file: NonNullable<ConfigSources['file']>): ReadonlyMap<string, string> {
  try {
    return new Map(parseProperties(file.contents).map(({ key, value }) => [key, value]));
  } catch (error) {
    if (error instanceof PropertiesError) throw new ConfigError([`${file.name}, ${error.message}`]);
    throw error;
  }
}

function fromEnvironment(environment: NonNullable<ConfigSources['environment']>): {
  readonly values: ReadonlyMap<string, string>;
  readonly warnings: readonly string[];
} {
  const values = new Map<string, string>();
  const warnings: string[] = [];
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith('KS_') || value === undefined) continue;
    const key = keysByEnvironmentName.get(name);
    if (key === undefined) warnings.push(`environment variable ${name} is no known key and has no effect`);
    else values.set(key, value);
  }
  return { values, warnings };
}

/** Merges the sources and checks the result. Throws `ConfigError`. The warnings are to be logged once each. */
export function loadConfig(sources: ConfigSources): {
  readonly config: BrokerConfig;
  readonly warnings: readonly string[];
} {
  const file = sources.file ? fromFile(sources.file) : new Map<string, string>();
  const environment = fromEnvironment(sources.environment ?? {});
  const explicit = new Map([...file, ...environment.values, ...(sources.flags ?? [])]);
  const { config, warnings } = brokerConfigOf(explicit);
  return { config, warnings: [...environment.warnings, ...warnings] };
}
