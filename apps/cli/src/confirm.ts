import process from 'node:process';
import { createInterface } from 'node:readline/promises';
import { CliError } from './errors/cli-error.ts';
import { ExitCode } from './errors/exit-codes.ts';

/** Something that cannot be undone. */
export interface Danger {
  /** `delete orders with all records`. */
  readonly action: string;
  /** What is typed where the cluster is protected. */
  readonly name: string;
  /** `-y` was given. */
  readonly isAgreed: boolean;
  readonly isProtected: boolean;
  /** The cluster, for messages. */
  readonly place: string;
}

/**
 * Asks before something that cannot be undone; settles when the user agrees. Without a terminal `-y` is the only way, and on a
 * protected cluster there is none: there its name has to be typed. Throws where the answer is no.
 */
export async function confirm({ action, name, isAgreed, isProtected, place }: Danger): Promise<void> {
  if (isAgreed && !isProtected) return;
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw isProtected
      ? new CliError(`${place} is protected: to ${action} takes a terminal to type the name on`, {
          exitCode: ExitCode.USAGE,
          hint: 'run it at a terminal, or set protected=false in the profile',
        })
      : new CliError(`to ${action} needs a yes, and there is no terminal to ask on`, {
          exitCode: ExitCode.USAGE,
          hint: 'add -y',
        });
  }
  using questions = createInterface({ input: process.stdin, output: process.stderr });
  if (isProtected) {
    const typed = await questions.question(`${place} is protected. To ${action}, type ${name}: `);
    if (typed.trim() === name) return;
  } else if (/^y(es)?$/i.test(await questions.question(`${action} on ${place}? [y/N] `))) return;
  throw new CliError('nothing was changed');
}
