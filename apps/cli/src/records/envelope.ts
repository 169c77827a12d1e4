import type { ProduceRecord } from '../input/produce-record.ts';
import type { HeaderView, RecordView } from './record-view.ts';

/** A line that is no envelope. */
export class EnvelopeError extends Error {
  constructor(why: string) {
    super(why);
    this.name = 'EnvelopeError';
  }
}

// A byte order mark would be lost without ignoreBOM, and with it the round trip.
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const utf8 = new TextEncoder();

type Text = { readonly text: string | null; readonly encoding: 'base64' | undefined };

function toText(bytes: Uint8Array | null): Text {
  if (bytes === null) return { text: null, encoding: undefined };
  try {
    return { text: strict.decode(bytes), encoding: undefined };
  } catch {
    // Not UTF-8: the lossless way out.
    return {
      text: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'),
      encoding: 'base64',
    };
  }
}

/**
 * The record as one line of JSON without its newline: lossless, and what `ks produce --input ndjson` reads. With `isMetaOnly`
 * without key, value and headers.
 */
export function toEnvelope(record: RecordView, isMetaOnly = false): string {
  if (isMetaOnly) return JSON.stringify({ ...placeOf(record), ...sizeOf(record) });
  const key = toText(record.key);
  const value = toText(record.value);
  return JSON.stringify({
    ...placeOf(record),
    key: key.text,
    value: value.text,
    keyEncoding: key.encoding,
    valueEncoding: value.encoding,
    headers: record.headers.map((header) => {
      const text = toText(header.value);
      return { key: header.key, value: text.text, encoding: text.encoding };
    }),
    ...sizeOf(record),
  });
}

function placeOf({ topic, partition, offset, timestampMs, timestampType }: RecordView) {
  return { topic, partition, offset, timestamp: timestampMs, timestampType };
}

function sizeOf({ key, value, leaderEpoch }: RecordView) {
  return { size: (key?.length ?? 0) + (value?.length ?? 0), leaderEpoch };
}

function fromText(value: unknown, encoding: unknown, field: string): Uint8Array | null {
  if (value === null || value === undefined) return null;
  if (typeof value !== 'string')
    throw new EnvelopeError(`${field} is ${typeof value}, not a string or null (write JSON values as a string)`);
  if (encoding === undefined || encoding === 'utf8' || encoding === 'utf-8') return utf8.encode(value);
  if (encoding !== 'base64') throw new EnvelopeError(`${field} has the unknown encoding ${JSON.stringify(encoding)}`);
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(value)) throw new EnvelopeError(`${field} is not base64`);
  return Uint8Array.from(Buffer.from(value, 'base64'));
}

function wholeNumber(value: unknown, field: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw new EnvelopeError(`${field} is not a whole number`);
  return value;
}

/** Reads one envelope line. Throws `EnvelopeError` saying which field is wrong. */
export function fromEnvelope(line: string): ProduceRecord {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch (error) {
    throw new EnvelopeError(`not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new EnvelopeError('not a JSON object');
  const fields: Readonly<Record<string, unknown>> = { ...parsed };
  const { topic, headers } = fields;
  if (topic !== undefined && typeof topic !== 'string') throw new EnvelopeError('topic is not a string');
  const partition = wholeNumber(fields['partition'], 'partition');
  const timestamp = wholeNumber(fields['timestamp'], 'timestamp');
  return {
    ...(topic === undefined ? {} : { topic }),
    ...(partition === undefined ? {} : { partition }),
    ...(timestamp === undefined ? {} : { timestamp }),
    key: fromText(fields['key'], fields['keyEncoding'], 'key'),
    value: fromText(fields['value'], fields['valueEncoding'], 'value'),
    headers: readHeaders(headers),
  };
}

function readHeaders(headers: unknown): readonly HeaderView[] {
  if (headers === undefined || headers === null) return [];
  if (!Array.isArray(headers)) throw new EnvelopeError('headers is not a list of {key, value}');
  return headers.map((header: unknown, index) => {
    if (typeof header !== 'object' || header === null) throw new EnvelopeError(`headers[${index}] is not an object`);
    const { key, value, encoding }: { key?: unknown; value?: unknown; encoding?: unknown } = header;
    if (typeof key !== 'string') throw new EnvelopeError(`headers[${index}].key is not a string`);
    return { key, value: fromText(value, encoding, `headers[${index}].value`) };
  });
}
