import { CliError } from '../errors/cli-error.ts';
import { ExitCode } from '../errors/exit-codes.ts';
import { suggestion } from '../errors/suggestion.ts';

/** What `-X`, `KS_*` and profiles can set. */
export interface SettingKey {
  readonly name: string;
  readonly description: string;
  readonly example: string;
  /** Undefined: there is none, or it is not a thing to have one. */
  readonly default?: string;
  /** What is wrong with a value, or undefined. */
  readonly fault?: (value: string) => string | undefined;
}

const whole = (value: string): string | undefined =>
  /^[1-9]\d{0,5}$/.test(value) ? undefined : 'is no whole number of seconds above 0';
const truth = (value: string): string | undefined =>
  value === 'true' || value === 'false' ? undefined : 'is neither true nor false';

export const settingKeys: readonly SettingKey[] = [
  {
    name: 'brokers',
    description: 'brokers to ask first, host:port, separated by commas',
    example: 'kafka-1:9092,kafka-2:9092',
    default: 'localhost:9092',
  },
  {
    name: 'timeout',
    description: 'seconds until an operation is given up',
    example: '10',
    default: '30',
    fault: whole,
  },
  {
    name: 'client.id',
    description: 'the name that brokers know this client by, in logs and quotas',
    example: 'ks-alice',
    default: 'ks',
  },
  { name: 'color', description: 'the color that screens show the cluster in', example: 'red' },
  {
    name: 'protected',
    description: 'whether what cannot be undone takes typing its name, at a terminal',
    example: 'true',
    default: 'false',
    fault: truth,
  },
  {
    name: 'read.only',
    description: 'whether every command that would change something is refused',
    example: 'true',
    default: 'false',
    fault: truth,
  },
];

/** Keys that others' tools have and this client has no answer to yet: better refused than left out in silence. */
const unbuilt = /^(tls|ssl|sasl|security)\b/;

/** The variable that sets a key: `client.id` is `KS_CLIENT_ID`. */
export function environmentName(key: string): string {
  return `KS_${key.toUpperCase().replaceAll('.', '_')}`;
}

/** Throws a usage error for a key that does not exist or a value that it cannot have. `source` tells the user where it stands. */
export function checkSetting(name: string, value: string, source: string): void {
  const key = settingKeys.find((known) => known.name === name);
  if (key === undefined) throw unknownKey(name, source);
  const fault = key.fault?.(value);
  if (fault === undefined) return;
  throw new CliError(`${name} (from ${source}): ${JSON.stringify(value)} ${fault}`, {
    exitCode: ExitCode.USAGE,
    hint: `${name}=${key.example}`,
  });
}

function unknownKey(name: string, source: string): CliError {
  if (unbuilt.test(name)) {
    return new CliError(`${name} (from ${source}): TLS and SASL are not built into ks on the command line yet`, {
      exitCode: ExitCode.USAGE,
    });
  }
  const meant = suggestion(
    name,
    settingKeys.map((key) => key.name),
  );
  return new CliError(`unknown setting ${JSON.stringify(name)} (from ${source})`, {
    exitCode: ExitCode.USAGE,
    hint: `ks -X list${meant === undefined ? '' : `; did you mean ${JSON.stringify(meant)}?`}`,
  });
}

/** The keys as `ks -X list` prints them. */
export function settingKeysText(): string {
  const width = Math.max(...settingKeys.map(({ name }) => name.length));
  const lines = settingKeys.map((key) => {
    const fallback = key.default === undefined ? '' : ` (default ${key.default})`;
    return `${key.name.padEnd(width)}  ${key.description}${fallback}\n${' '.repeat(width)}  as in -X ${key.name}=${key.example} or ${environmentName(key.name)}=${key.example}\n`;
  });
  return lines.join('');
}

/** Whether `-X list` or `-X help` is among the arguments. */
export function asksForSettings(argv: readonly string[]): boolean {
  return argv.some((word, index) => {
    const asked = word === '-X' ? argv[index + 1] : /^-X=?(list|help)$/.exec(word)?.[1];
    return asked === 'list' || asked === 'help';
  });
}
