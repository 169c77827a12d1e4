import type { ProduceRecord } from './produce-record.ts';

/** How lines become records. */
export interface LineOptions {
  /** What ends a record; one byte or more. */
  readonly delimiter: Uint8Array;
  /** What splits key from value, at its first occurrence; undefined: the whole line is the value. */
  readonly keyDelimiter: Uint8Array | undefined;
  /** A longer record ends the input with an error: a delimiter that never comes must not fill the memory. */
  readonly maxRecordBytes: number;
}

/** A piece of input that is longer than a record may be. */
export class RecordTooLongError extends Error {
  constructor(maxRecordBytes: number) {
    super(`a record is longer than ${maxRecordBytes} bytes; is the delimiter right?`);
    this.name = 'RecordTooLongError';
  }
}

/**
 * Cuts a byte stream into records at a delimiter. Yields the records of one chunk at a time, so that nothing is awaited per
 * record. A last record without its delimiter counts; an empty input has no record.
 */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  options: LineOptions,
): AsyncGenerator<readonly ProduceRecord[]> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const piece = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const buffer = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    const records: ProduceRecord[] = [];
    let from = 0;
    for (;;) {
      const end = buffer.indexOf(options.delimiter, from);
      if (end < 0) break;
      records.push(toRecord(buffer.subarray(from, end), options.keyDelimiter));
      from = end + options.delimiter.length;
    }
    rest = buffer.subarray(from);
    if (rest.length > options.maxRecordBytes) throw new RecordTooLongError(options.maxRecordBytes);
    if (records.length > 0) yield records;
  }
  if (rest.length > 0) yield [toRecord(rest, options.keyDelimiter)];
}

function toRecord(line: Buffer, keyDelimiter: Uint8Array | undefined): ProduceRecord {
  const at = keyDelimiter === undefined ? -1 : line.indexOf(keyDelimiter);
  if (keyDelimiter === undefined || at < 0) return { key: null, value: line, headers: [] };
  return { key: line.subarray(0, at), value: line.subarray(at + keyDelimiter.length), headers: [] };
}
