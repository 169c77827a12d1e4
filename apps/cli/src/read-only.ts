import { CliError } from './errors/cli-error.ts';
import { ExitCode } from './errors/exit-codes.ts';
import type { Settings } from './settings/resolve-settings.ts';

/** Throws where the settings allow only reading. `action` is what was asked for: `delete orders`. */
export function refuseReadOnly({ isReadOnly, place }: Settings, action: string): void {
  if (!isReadOnly) return;
  throw new CliError(`${place} is read-only here: it is not for ks to ${action}`, {
    exitCode: ExitCode.USAGE,
    hint: 'leave --read-only out, or set read.only=false',
  });
}
