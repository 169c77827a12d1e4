import { type Parser, parse } from 'csv-parse';
import type { HeaderView } from '../records/record-view.ts';
import type { ProduceRecord } from './produce-record.ts';

/** CSV that cannot become records. */
export class CsvError extends Error {
  constructor(why: string) {
    super(why);
    this.name = 'CsvError';
  }
}

/** What the column at an index is to a record. */
type Column =
  | { readonly type: 'key' | 'value' | 'topic' | 'partition' | 'timestamp' }
  | { readonly type: 'header' | 'field'; readonly name: string };

const utf8 = new TextEncoder();
const HEADER_PREFIX = 'header:';

/**
 * Reads CSV (RFC 4180) whose first line names the columns: `key`, `value`, `topic`, `partition`, `timestamp` (milliseconds) and
 * `header:NAME` are those parts of a record. Without a `value` column the value is a JSON object of all other columns, as text.
 * An empty cell is nothing: no key, no header; as a value it is empty. Throws `CsvError`, or the parser's error with its line.
 */
export async function* readCsv(
  chunks: AsyncIterable<Uint8Array>,
  maxRecordBytes: number,
): AsyncGenerator<readonly ProduceRecord[]> {
  const parser = parse({ bom: true, skip_empty_lines: true, max_record_size: maxRecordBytes });
  // Whoever writes, or reads to the end, is told; without a listener it would be thrown besides.
  parser.on('error', () => undefined);
  let columns: readonly Column[] | undefined;
  let row = 0;
  const recordsOf = (rows: Iterable<readonly string[]>): ProduceRecord[] => {
    const records: ProduceRecord[] = [];
    for (const cells of rows) {
      row += 1;
      if (columns === undefined) columns = columnsOf(cells);
      else records.push(recordOf(cells, columns, row));
    }
    return records;
  };
  for await (const chunk of chunks) {
    const written = write(parser, chunk);
    // It parses within `write`, and does not go on before its rows are taken.
    const records = recordsOf(takenOf(parser));
    await written;
    if (records.length > 0) yield records;
  }
  parser.end();
  const last: string[][] = [];
  for await (const cells of parser) last.push(cells);
  const records = recordsOf(last);
  if (records.length > 0) yield records;
}

function write(parser: Parser, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    parser.write(chunk, (error) => (error == null ? resolve() : reject(error)));
  });
}

function* takenOf(parser: Parser): Generator<readonly string[]> {
  for (let row: unknown = parser.read(); row !== null; row = parser.read()) {
    if (Array.isArray(row)) yield row.map(String);
  }
}

function columnsOf(names: readonly string[]): readonly Column[] {
  const repeated = names.find((name, index) => names.indexOf(name) < index && !name.startsWith(HEADER_PREFIX));
  if (repeated !== undefined) throw new CsvError(`two columns are named ${JSON.stringify(repeated)}`);
  const columns = names.map(columnOf);
  const surplus = columns.find((column) => column.type === 'field');
  if (surplus?.type === 'field' && columns.some(({ type }) => type === 'value')) {
    throw new CsvError(
      `the column ${JSON.stringify(surplus.name)} has no place in a record beside a value column: name it header:${surplus.name}, or leave value out to get JSON of all columns`,
    );
  }
  return columns;
}

function columnOf(name: string): Column {
  if (name === 'key' || name === 'value' || name === 'topic' || name === 'partition' || name === 'timestamp') {
    return { type: name };
  }
  if (name.startsWith(HEADER_PREFIX)) return { type: 'header', name: name.slice(HEADER_PREFIX.length) };
  return { type: 'field', name };
}

function recordOf(cells: readonly string[], columns: readonly Column[], row: number): ProduceRecord {
  const record: { -readonly [Name in keyof ProduceRecord]: ProduceRecord[Name] } = {
    key: null,
    value: null,
    headers: [],
  };
  const headers: HeaderView[] = [];
  const fields: Record<string, string> = {};
  for (const [index, column] of columns.entries()) {
    const cell = cells[index] ?? '';
    if (column.type === 'value') record.value = utf8.encode(cell);
    else if (column.type === 'field') fields[column.name] = cell;
    else if (cell === '') continue;
    else if (column.type === 'key') record.key = utf8.encode(cell);
    else if (column.type === 'topic') record.topic = cell;
    else if (column.type === 'header') headers.push({ key: column.name, value: utf8.encode(cell) });
    else if (column.type === 'partition') record.partition = wholeNumber(cell, 'partition', row);
    else record.timestamp = wholeNumber(cell, 'timestamp', row);
  }
  record.headers = headers;
  record.value ??= utf8.encode(JSON.stringify(fields));
  return record;
}

function wholeNumber(cell: string, column: string, row: number): number {
  const value = Number(cell);
  if (/^-?\d+$/.test(cell) && Number.isSafeInteger(value)) return value;
  throw new CsvError(`row ${row}: ${column} ${JSON.stringify(cell)} is no whole number`);
}
