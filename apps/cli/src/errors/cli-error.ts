import { ExitCode } from './exit-codes.ts';

/** An error as a person should read it: one sentence, the Kafka code where there is one, and what to try. */
export class CliError extends Error {
  readonly exitCode: ExitCode;
  /** Kafka's error name, or the system's (ECONNREFUSED). */
  readonly code: string | undefined;
  /** A command to try, or the name that was probably meant. */
  readonly hint: string | undefined;

  constructor(
    message: string,
    options: {
      readonly exitCode?: ExitCode;
      readonly code?: string;
      readonly hint?: string;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'CliError';
    this.exitCode = options.exitCode ?? ExitCode.ERROR;
    this.code = options.code;
    this.hint = options.hint;
  }
}
