/** A column of a table: its heading, what it shows of a row, and whether only `wide` shows it. */
export interface Column<Row> {
  readonly name: string;
  readonly get: (row: Row) => string | number | boolean | null;
  readonly wide?: boolean;
  readonly align?: 'right';
}

const control = /\p{Cc}/gu;

/** Control characters would let a name or value steer the terminal; they are shown instead of sent. */
export function printable(text: string): string {
  return text.replace(control, (character) => `\\x${(character.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`);
}

const cell = (value: string | number | boolean | null): string => (value === null ? '-' : printable(String(value)));

/** Rows as text in columns two spaces apart. An empty table still has its headings. */
export function renderTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[], headers: boolean): string {
  const cells = rows.map((row) => columns.map((column) => cell(column.get(row))));
  const all = headers ? [columns.map((column) => column.name), ...cells] : cells;
  const widths = columns.map((_, index) => Math.max(0, ...all.map((row) => row[index]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((text, index) =>
        columns[index]?.align === 'right' ? text.padStart(widths[index] ?? 0) : text.padEnd(widths[index] ?? 0),
      )
      .join('  ')
      .trimEnd();
  return all.map((row) => `${line(row)}\n`).join('');
}
