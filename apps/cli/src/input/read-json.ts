import { FormatError } from '../format/format-error.ts';
import { jsonEnd } from '../format/json-end.ts';
import type { ProduceRecord } from './produce-record.ts';
import { RecordTooLongError } from './read-lines.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads one JSON value a record, however many lines it takes; white space between values is passed over. The value's bytes are sent
 * as they stand. Throws `FormatError`, saying which value, for what is not JSON.
 */
export async function* readJson(
  chunks: AsyncIterable<Uint8Array>,
  maxRecordBytes: number,
): AsyncGenerator<readonly ProduceRecord[]> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let read = 0;
  // A value that spans chunks is looked at again only when the bytes have doubled: time stays linear in its size.
  let enough = 1;
  for await (const chunk of chunks) {
    held.push(chunk);
    heldBytes += chunk.length;
    if (heldBytes < enough) continue;
    const { records, rest } = cut(Buffer.concat(held), read, false);
    if (rest.length > maxRecordBytes) throw new RecordTooLongError(maxRecordBytes);
    read += records.length;
    held = [rest];
    heldBytes = rest.length;
    enough = rest.length * 2;
    if (records.length > 0) yield records;
  }
  const { records } = cut(Buffer.concat(held), read, true);
  if (records.length > 0) yield records;
}

function cut(
  bytes: Uint8Array,
  read: number,
  final: boolean,
): { readonly records: ProduceRecord[]; readonly rest: Uint8Array } {
  const records: ProduceRecord[] = [];
  for (let at = afterSpace(bytes, 0); ; ) {
    if (at >= bytes.length) return { records, rest: new Uint8Array(0) };
    const end = jsonEnd(bytes, at, final);
    const number = read + records.length + 1;
    if (end < 0 && final) throw new FormatError(`the input ends inside JSON value ${number}`, at);
    if (end < 0) return { records, rest: bytes.subarray(at) };
    records.push({ key: null, value: checked(bytes.subarray(at, end), number), headers: [] });
    at = afterSpace(bytes, end);
  }
}

function checked(value: Uint8Array, number: number): Uint8Array {
  try {
    JSON.parse(utf8.decode(value));
    return value;
  } catch (error) {
    throw new FormatError(`value ${number} is not JSON: ${error instanceof Error ? error.message : String(error)}`, 0);
  }
}

function afterSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09) at += 1;
  return at;
}
