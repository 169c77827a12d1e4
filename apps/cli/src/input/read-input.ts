import { parseFormat } from '../format/parse-format.ts';
import { checkReadable } from '../format/read-plan.ts';
import type { ProduceRecord } from './produce-record.ts';
import { readCsv } from './read-csv.ts';
import { readEnvelopes } from './read-envelopes.ts';
import { readFormatted } from './read-formatted.ts';
import { readJson } from './read-json.ts';
import { readLines } from './read-lines.ts';
import { readWhole } from './read-whole.ts';

export const inputKinds = ['line', 'json', 'ndjson', 'csv', 'whole'] as const;
export type InputKind = (typeof inputKinds)[number];

/** How standard input becomes records. */
export interface InputOptions {
  readonly kind: InputKind;
  /** rpk's format language; comes before `kind`. */
  readonly format: string | undefined;
  readonly delimiter: string;
  readonly keyDelimiter: string | undefined;
  readonly maxRecordBytes: number;
}

/** `\n`, `\t`, `\0`, `\xNN` as typed in a shell, as bytes. */
export function delimiterBytes(text: string): Uint8Array {
  const [part] = parseFormat(text.replaceAll('%', '%%'));
  return part?.type === 'literal' ? part.bytes : new Uint8Array(0);
}

/** The records of an input, a chunk's worth at a time. Throws `FormatError` at once for a format that cannot be read. */
export function readInput(
  chunks: AsyncIterable<Uint8Array>,
  options: InputOptions,
): AsyncIterable<readonly ProduceRecord[]> {
  const { maxRecordBytes } = options;
  if (options.format !== undefined) {
    const parts = parseFormat(options.format);
    checkReadable(parts);
    return readFormatted(chunks, parts, maxRecordBytes);
  }
  if (options.kind === 'ndjson') return readEnvelopes(chunks, maxRecordBytes);
  if (options.kind === 'csv') return readCsv(chunks, maxRecordBytes);
  if (options.kind === 'json') return readJson(chunks, maxRecordBytes);
  if (options.kind === 'whole') return readWhole(chunks, maxRecordBytes);
  const keyDelimiter = options.keyDelimiter === undefined ? undefined : delimiterBytes(options.keyDelimiter);
  return readLines(chunks, { delimiter: delimiterBytes(options.delimiter), keyDelimiter, maxRecordBytes });
}

/** Whether the records of such an input may say which topic they go to, so that `topic` need not be there. */
export function namesItsTopics(topic: string, kind: InputKind, format: string | undefined): boolean {
  if (topic === '-') return true;
  if (format === undefined) return kind === 'csv';
  return parseFormat(format).some((part) => part.type === 'text' && part.field === 'topic');
}
