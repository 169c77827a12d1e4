import { CliError } from '../errors/cli-error.ts';
import { ExitCode } from '../errors/exit-codes.ts';
import { readIfThere } from './profile-file.ts';

/** Properties that say who is let in: silence would be wrong. */
const refused = /^(ssl|sasl)\./;

/** The settings in the properties of a Java client (`--command-config`). Throws a usage error for what cannot be done. */
export async function readCommandConfig(path: string): Promise<Readonly<Record<string, string>>> {
  const text = await readIfThere(path);
  if (text === undefined)
    throw new CliError(`${path} does not exist`, { exitCode: ExitCode.USAGE, hint: '--command-config FILE' });
  return commandConfigSettings(parseProperties(text), path);
}

/** What of a Java client's properties has a meaning here. */
export function commandConfigSettings(
  properties: ReadonlyMap<string, string>,
  path: string,
): Readonly<Record<string, string>> {
  const settings: Record<string, string> = {};
  for (const [name, value] of properties) {
    if (name === 'bootstrap.servers') settings['brokers'] = value.replaceAll(/\s/g, '');
    else if (name === 'client.id') settings['client.id'] = value;
    else if (name === 'default.api.timeout.ms') settings['timeout'] = secondsOf(value, name, path);
    else if (refused.test(name) || (name === 'security.protocol' && value !== 'PLAINTEXT')) {
      throw new CliError(`${name} in ${path}: TLS and SASL are not built into ks on the command line yet`, {
        exitCode: ExitCode.USAGE,
      });
    }
  }
  return settings;
}

/** Reads `name=value`, `name: value` and `name value`, comments, and lines that go on behind a backslash. */
export function parseProperties(text: string): ReadonlyMap<string, string> {
  const properties = new Map<string, string>();
  for (const line of text.replaceAll(/\\\r?\n\s*/g, '').split(/\r?\n/)) {
    const match = /^\s*([^#!\s=:][^\s=:]*)\s*[=:\s]?\s*(.*?)\s*$/.exec(line);
    if (match?.[1] !== undefined) properties.set(match[1], match[2] ?? '');
  }
  return properties;
}

function secondsOf(value: string, name: string, path: string): string {
  const milliseconds = Number(value);
  if (Number.isInteger(milliseconds) && milliseconds > 0) return String(Math.max(1, Math.round(milliseconds / 1000)));
  throw new CliError(`${name} in ${path}: ${JSON.stringify(value)} is no number of milliseconds`, {
    exitCode: ExitCode.USAGE,
  });
}
