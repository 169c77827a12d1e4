import { CliError } from '../errors/cli-error.ts';
import { ExitCode } from '../errors/exit-codes.ts';

/** Parses `key=value` as given to a flag; the value may be empty or hold further signs. Throws a usage error. */
export function parsePairs(pairs: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at <= 0) throw new CliError(`${JSON.stringify(pair)} is no key=value`, { exitCode: ExitCode.USAGE });
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}
