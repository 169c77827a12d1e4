import process from 'node:process';
import { Command } from '@oclif/core';
import { renderError, toCliError } from './errors/to-cli-error.ts';

/** A command whose errors are a few clear lines on stderr, with the exit code that belongs to them. */
export abstract class TalkingCommand extends Command {
  protected override async catch(thrown: unknown): Promise<void> {
    const error = toCliError(thrown);
    process.stderr.write(renderError(error, this.argv.includes('-v') || this.argv.includes('--verbose')));
    process.exitCode = error.exitCode;
  }
}
