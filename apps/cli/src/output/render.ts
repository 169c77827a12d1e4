import { stringify } from 'yaml';
import { CliError } from '../errors/cli-error.ts';
import { ExitCode } from '../errors/exit-codes.ts';
import { type Column, renderTable } from './table.ts';

export const outputFormats = ['table', 'wide', 'json', 'yaml', 'name', 'help'] as const;
export type OutputFormat = (typeof outputFormats)[number];

export interface OutputOptions {
  readonly format: OutputFormat;
  /** Names of the columns to show, in this order; undefined: all. */
  readonly columns: readonly string[] | undefined;
  readonly headers: boolean;
}

/** Rows in the format that the user asked for. `name` shows the first column alone, one a line. */
export function render<Row>(rows: readonly Row[], columns: readonly Column<Row>[], options: OutputOptions): string {
  switch (options.format) {
    case 'json':
      return `${JSON.stringify(rows, null, 2)}\n`;
    case 'yaml':
      return stringify(rows);
    case 'name':
      return rows.map((row) => `${columns[0]?.get(row) ?? ''}\n`).join('');
    default:
      return renderTable(rows, chosen(columns, options), options.headers);
  }
}

function chosen<Row>(columns: readonly Column<Row>[], options: OutputOptions): readonly Column<Row>[] {
  if (options.columns === undefined)
    return columns.filter((column) => column.wide !== true || options.format === 'wide');
  return options.columns.map((name) => {
    const found = columns.find((column) => column.name.toLowerCase() === name.toLowerCase());
    if (found === undefined) {
      throw new CliError(`unknown column ${JSON.stringify(name)}`, {
        exitCode: ExitCode.USAGE,
        hint: `columns are ${columns.map((column) => column.name).join(', ')}`,
      });
    }
    return found;
  });
}
