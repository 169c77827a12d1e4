import { homedir } from 'node:os';
import process from 'node:process';
import { type Client, connect } from '@ks/client';
import { Flags } from '@oclif/core';
import { type OutputFormat, outputFormats, render } from './output/render.ts';
import { asksForShape, type RowShape, rowShapeText } from './output/row-shape.ts';
import type { Column } from './output/table.ts';
import { loadSettings, type SettingSources } from './settings/load-settings.ts';
import type { Settings } from './settings/resolve-settings.ts';
import { TalkingCommand } from './talking-command.ts';

/** A person at a terminal should not wait longer to learn that nobody answers. */
const CONNECT_MS_MAX = 5000;
/** Long enough for a broker that is being started beside us. */
const OPEN_MS_MAX = 1000;

/** Flags that every command has. What they set can also come from `-X`, the environment, or a profile: see `loadSettings`. */
export const globalFlags = {
  brokers: Flags.string({
    char: 'b',
    aliases: ['bootstrap-server'],
    helpGroup: 'GLOBAL',
    description: 'brokers to ask first, host:port, separated by commas [KS_BROKERS, default localhost:9092]',
  }),
  profile: Flags.string({
    char: 'P',
    helpGroup: 'GLOBAL',
    description: 'the profile to use, one of ks profile list [KS_PROFILE]',
  }),
  override: Flags.string({
    char: 'X',
    multiple: true,
    multipleNonGreedy: true,
    helpGroup: 'GLOBAL',
    description: 'any setting, key=value; -X list shows them',
  }),
  timeout: Flags.integer({
    helpGroup: 'GLOBAL',
    min: 1,
    description: 'seconds until an operation is given up [KS_TIMEOUT, default 30]',
  }),
  'command-config': Flags.string({
    helpGroup: 'GLOBAL',
    description: "settings from a Java client's properties",
  }),
  quiet: Flags.boolean({ char: 'q', helpGroup: 'GLOBAL', description: 'print data and errors, no talk' }),
  'read-only': Flags.boolean({
    helpGroup: 'GLOBAL',
    description: 'refuse whatever would change something [KS_READ_ONLY]',
  }),
  plain: Flags.boolean({ helpGroup: 'GLOBAL', description: 'plain output on a terminal too, no screens' }),
  'no-color': Flags.boolean({ helpGroup: 'GLOBAL', description: 'no colors [NO_COLOR]' }),
  verbose: Flags.boolean({ char: 'v', helpGroup: 'GLOBAL', description: 'tell more, the stack of an error too' }),
};

/** What `globalFlags` were parsed to. */
export type GlobalFlags = SettingSources['flags'];

/** Flags of commands that print a table. */
export const tableFlags = {
  output: Flags.option({
    char: 'o',
    options: outputFormats,
    default: 'table' as OutputFormat,
    description: 'how to print; help: what the fields of json are',
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

/** What all commands share: settings, the connection, and the printing of tables. */
export abstract class BaseCommand extends TalkingCommand {
  /** What a row of `-o json` holds, for commands that print tables. */
  static rowShape: RowShape | undefined;

  /** `-o help` is answered before anything is parsed, connected or changed. */
  protected override async init(): Promise<void> {
    await super.init();
    const { rowShape } = this.ctor as typeof BaseCommand;
    if (rowShape === undefined || !asksForShape(this.argv)) return;
    process.stdout.write(rowShapeText(rowShape));
    this.exit(0);
  }

  /** The settings that flags, environment, project and profile give. */
  protected async settings(flags: GlobalFlags): Promise<Settings> {
    const settings = await loadSettings(settingSources(flags));
    this.place = settings.place;
    return settings;
  }

  /** Says a line on stderr, unless `-q` was given. */
  protected say(line: string, { quiet }: { readonly quiet: boolean }): void {
    if (!quiet) process.stderr.write(`${line}\n`);
  }

  /** Connects to the brokers of the settings. */
  protected connect({ brokers, clientId, timeoutMs }: Settings, signal?: AbortSignal): Promise<Client> {
    return connect({
      brokers,
      clientId,
      connectTimeoutMs: Math.min(timeoutMs, CONNECT_MS_MAX),
      openTimeoutMs: OPEN_MS_MAX,
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

/** Where this process's settings come from. */
export function settingSources(flags: GlobalFlags): SettingSources {
  return { flags, environment: process.env, directory: process.cwd(), homeDirectory: homedir() };
}
