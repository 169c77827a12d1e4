import { CliError } from '../errors/cli-error.ts';
import { ExitCode } from '../errors/exit-codes.ts';

/** Throws a usage error for what is no name for a profile. */
export function checkProfileName(name: string): void {
  if (/^[\w.-]*\w[\w.-]*$/.test(name)) return;
  throw new CliError(
    `${JSON.stringify(name)} is no name for a profile: letters, digits, dots, dashes and underscores`,
    {
      exitCode: ExitCode.USAGE,
    },
  );
}
