import process from 'node:process';
import { type Client, connect } from '@ks/client';
import { Flags } from '@oclif/core';
import { type OutputFormat, outputFormats, render } from './output/render.ts';
import type { Column } from './output/table.ts';
import { TalkingCommand } from './talking-command.ts';

/** A person at a terminal should not wait longer to learn that nobody answers. */
const CONNECT_MS_MAX = 5000;

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

/** What all commands share: the connection, and the printing of tables. */
export abstract class BaseCommand extends TalkingCommand {
  /** Connects to the brokers that the flags name. */
  protected connect(
    flags: { readonly brokers: string; readonly timeout: number },
    signal?: AbortSignal,
  ): Promise<Client> {
    const timeoutMs = flags.timeout * 1000;
    return connect({
      brokers: flags.brokers,
      clientId: 'ks',
      connectTimeoutMs: Math.min(timeoutMs, CONNECT_MS_MAX),
      requestTimeoutMs: timeoutMs,
      retryTimeoutMs: timeoutMs,
      signal,
    });
  }

  /** Prints rows as the table flags ask. */
  protected print<Row>(rows: readonly Row[], columns: readonly Column<Row>[], flags: TableFlags): void {
    const format = flags.json ? 'json' : flags.output;
    process.stdout.write(render(rows, columns, { format, columns: flags.columns, headers: flags.headers }));
  }
}
