import { CliError } from './cli-error.ts';
import { ExitCode } from './exit-codes.ts';

/** Runs a parser over what the user typed: what it throws becomes a usage error (exit 2) with the same words. */
export function usage<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(error instanceof Error ? error.message : String(error), {
      exitCode: ExitCode.USAGE,
      cause: error,
    });
  }
}
