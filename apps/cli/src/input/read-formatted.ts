import type { FormatPart } from '../format/format.ts';
import { needMore, readRecord } from '../format/read-record.ts';
import type { ProduceRecord } from './produce-record.ts';
import { RecordTooLongError } from './read-lines.ts';

/** Reads records by a format from a byte stream, a chunk's worth at a time. */
export async function* readFormatted(
  chunks: AsyncIterable<Uint8Array>,
  parts: readonly FormatPart[],
  maxRecordBytes: number,
): AsyncGenerator<readonly ProduceRecord[]> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  // A record that spans chunks is tried again only when the bytes have doubled: time stays linear in its size.
  let enough = 1;
  for await (const chunk of chunks) {
    held.push(chunk);
    heldBytes += chunk.length;
    if (heldBytes < enough) continue;
    const { records, rest } = cut(Buffer.concat(held), parts, false);
    if (rest.length > maxRecordBytes) throw new RecordTooLongError(maxRecordBytes);
    held = [rest];
    heldBytes = rest.length;
    enough = rest.length * 2;
    if (records.length > 0) yield records;
  }
  const { records } = cut(Buffer.concat(held), parts, true);
  if (records.length > 0) yield records;
}

function cut(
  bytes: Uint8Array,
  parts: readonly FormatPart[],
  final: boolean,
): { records: ProduceRecord[]; rest: Uint8Array } {
  const records: ProduceRecord[] = [];
  let at = 0;
  while (at < bytes.length) {
    const read = readRecord(parts, bytes, at, final);
    if (read === needMore || read.next === at) break;
    records.push(read.record);
    at = read.next;
  }
  return { records, rest: bytes.subarray(at) };
}
