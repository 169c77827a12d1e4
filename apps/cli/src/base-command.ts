import process from 'node:process';
import { type Client, connect } from '@ks/client';
import { Command, Flags } from '@oclif/core';
import { renderError, toCliError } from './errors/to-cli-error.ts';
import { type OutputFormat, outputFormats, render } from './output/render.ts';
import type { Column } from './output/table.ts';

/** Flags that every command has. */
export const globalFlags = {
  brokers: Flags.string({
    char: 'b',
    helpGroup: 'GLOBAL',
    env: 'KS_BROKERS',
    default: 'localhost:9092',
    description: 'brokers to ask first, host:port, separated by commas',
  }),
  timeout: Flags.integer({
    helpGroup: 'GLOBAL',
    env: 'KS_TIMEOUT',
    default: 30,
    min: 1,
    description: 'seconds until an operation is given up',
  }),
  verbose: Flags.boolean({ char: 'v', helpGroup: 'GLOBAL', description: 'tell more, the stack of an error too' }),
};

/** Flags of commands that print a table. */
export const tableFlags = {
  output: Flags.option({
    char: 'o',
    options: outputFormats,
    default: 'table' as OutputFormat,
    description: 'how to print',
  })(),
  json: Flags.boolean({ description: 'the same as -o json' }),
  columns: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ',',
    description: 'only these columns, in this order',
  }),
  headers: Flags.boolean({ default: true, allowNo: true, description: 'print the headings' }),
};

/** What `tableFlags` were parsed to. */
export interface TableFlags {
  readonly output: OutputFormat;
  readonly json: boolean;
  readonly columns?: string[] | undefined;
  readonly headers: boolean;
}

/** What all commands share: the connection, the printing of tables, and errors with their exit codes. */
export abstract class BaseCommand extends Command {
  /** Connects to the brokers that the flags name. */
  protected connect(flags: { readonly brokers: string; readonly timeout: number }): Promise<Client> {
    return connect({ brokers: flags.brokers, clientId: 'ks', retryTimeoutMs: flags.timeout * 1000 });
  }

  /** Prints rows as the table flags ask. */
  protected print<Row>(rows: readonly Row[], columns: readonly Column<Row>[], flags: TableFlags): void {
    const format = flags.json ? 'json' : flags.output;
    process.stdout.write(render(rows, columns, { format, columns: flags.columns, headers: flags.headers }));
  }

  /** One clear error on stderr and the exit code that belongs to it; stdout stays what can be piped. */
  protected override async catch(thrown: unknown): Promise<void> {
    const error = toCliError(thrown);
    process.stderr.write(renderError(error, this.argv.includes('-v') || this.argv.includes('--verbose')));
    process.exitCode = error.exitCode;
  }
}
