import { Command } from '@oclif/core';
import { reportError } from './errors/report-error.ts';

/** A command whose errors are a few clear lines on stderr, with the exit code that belongs to them. */
export abstract class TalkingCommand extends Command {
  protected override async catch(thrown: unknown): Promise<void> {
    reportError(thrown, this.argv);
  }
}
