import { Command, Errors } from '@oclif/core';
import { parseError } from './errors/parse-error.ts';
import { reportError } from './errors/report-error.ts';

/** A command whose errors are a few clear lines on stderr, with the exit code that belongs to them. */
export abstract class TalkingCommand extends Command {
  /** The cluster as messages name it, once it is known. */
  protected place: string | undefined;

  protected override async catch(thrown: unknown): Promise<void> {
    if (thrown instanceof Errors.ExitError) throw thrown;
    const error = parseError(thrown, { id: this.id ?? '', flags: this.ctor.flags }) ?? thrown;
    reportError(error, this.argv, this.place);
  }
}
