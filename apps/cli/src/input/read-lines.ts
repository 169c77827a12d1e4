import type { HeaderView } from '../records/record-view.ts';
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

const NO_HEADERS: readonly HeaderView[] = [];

/**
 * Cuts a byte stream into records at a delimiter. Yields the records of one chunk at a time, so that nothing is awaited per
 * record. A last record without its delimiter counts; an empty input has no record.
 */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  { delimiter, keyDelimiter, maxRecordBytes }: LineOptions,
): AsyncGenerator<readonly ProduceRecord[]> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    let piece = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const records: ProduceRecord[] = [];
    if (rest.length > 0) {
      // Only what belongs to the line begun before is copied; a longer delimiter may lie across the seam.
      const end = delimiter.length === 1 ? piece.indexOf(delimiter) : -1;
      if (end >= 0) {
        records.push(toRecord(Buffer.concat([rest, piece.subarray(0, end)]), keyDelimiter));
        piece = piece.subarray(end + 1);
      } else piece = Buffer.concat([rest, piece]);
    }
    rest = piece.subarray(cutLines(piece, delimiter, keyDelimiter, records));
    if (rest.length > maxRecordBytes) throw new RecordTooLongError(maxRecordBytes);
    if (records.length > 0) yield records;
  }
  if (rest.length > 0) yield [toRecord(rest, keyDelimiter)];
}

/** Appends the records of a buffer; returns where the rest begins. */
function cutLines(
  buffer: Buffer,
  delimiter: Uint8Array,
  keyDelimiter: Uint8Array | undefined,
  records: ProduceRecord[],
): number {
  // Searching for a number is quicker than for bytes.
  const wanted = delimiter.length === 1 ? (delimiter[0] ?? 0) : delimiter;
  for (let from = 0; ; ) {
    const end = buffer.indexOf(wanted, from);
    if (end < 0) return from;
    records.push(toRecord(buffer.subarray(from, end), keyDelimiter));
    from = end + delimiter.length;
  }
}

function toRecord(line: Buffer, keyDelimiter: Uint8Array | undefined): ProduceRecord {
  const at = keyDelimiter === undefined ? -1 : line.indexOf(keyDelimiter);
  if (keyDelimiter === undefined || at < 0) return { key: null, value: line, headers: NO_HEADERS };
  return { key: line.subarray(0, at), value: line.subarray(at + keyDelimiter.length), headers: NO_HEADERS };
}
