import { corrupt } from './corrupt.ts';
import type { RecordBatch } from './record-batch.ts';
import type { RecordCursor } from './record-cursor.ts';
import { readUtf8 } from './utf8.ts';

/** A record header; duplicates and any order are legal. */
export interface RecordHeader {
  readonly key: string;
  readonly value: Uint8Array | null;
}

/** One record of a batch. Key, value and headers are made when they are asked for, as views of the batch's bytes. */
export class BatchRecord {
  readonly batch: RecordBatch;
  readonly offset: number;
  readonly #bytes: Uint8Array;
  readonly #timestampDelta: number;
  readonly #timestampDeltaAt: number;
  readonly #startAt: number;
  readonly #endAt: number;
  readonly #keyAt: number;
  readonly #keySizeBytes: number;
  readonly #valueAt: number;
  readonly #valueSizeBytes: number;

  constructor(cursor: RecordCursor) {
    this.batch = cursor.batch;
    this.offset = cursor.offset;
    this.#bytes = cursor.bytes;
    this.#timestampDelta = cursor.timestampDelta;
    this.#timestampDeltaAt = cursor.timestampDeltaAt;
    this.#startAt = cursor.startAt;
    this.#endAt = cursor.endAt;
    this.#keyAt = cursor.keyAt;
    this.#keySizeBytes = cursor.keySizeBytes;
    this.#valueAt = cursor.valueAt;
    this.#valueSizeBytes = cursor.valueSizeBytes;
  }

  /** Milliseconds since the epoch, saturated at ±(2^53-1): when it was made, or appended where the batch says so. */
  get timestamp(): number {
    return this.batch.timestampOf(this.#timestampDelta);
  }

  /** The timestamp in its full range. */
  get timestampExact(): bigint {
    return this.batch.exactTimestampOf(varlongExactAt(this.#bytes, this.#timestampDeltaAt));
  }

  /** The size of the whole record within its batch, before compression. */
  get sizeBytes(): number {
    return this.#endAt - this.#startAt;
  }

  /** A view, not a copy; null where the record has no key. */
  get key(): Uint8Array | null {
    if (this.#keySizeBytes < 0) return null;
    return this.#bytes.subarray(this.#keyAt, this.#keyAt + this.#keySizeBytes);
  }

  /** -1 where the record has no key. */
  get keySizeBytes(): number {
    return this.#keySizeBytes;
  }

  /** A view, not a copy; null for a tombstone. */
  get value(): Uint8Array | null {
    if (this.#valueSizeBytes < 0) return null;
    return this.#bytes.subarray(this.#valueAt, this.#valueAt + this.#valueSizeBytes);
  }

  /** -1 for a tombstone. */
  get valueSizeBytes(): number {
    return this.#valueSizeBytes;
  }

  /** The headers in their order, read anew at each access. Throws a `ProtocolError` where the bytes are not headers. */
  get headers(): readonly RecordHeader[] {
    const headersAt = this.#valueAt + Math.max(this.#valueSizeBytes, 0);
    if (headersAt + 1 === this.#endAt && this.#bytes[headersAt] === 0) return [];
    return readHeaders(this.#bytes, headersAt, this.#endAt);
  }
}

function readHeaders(bytes: Uint8Array, from: number, end: number): RecordHeader[] {
  let at = from;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 35 && at < end; shift += 7) {
      const byte = bytes[at] as number;
      at += 1;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
    throw corrupt('a varint that does not end', at);
  };
  const count = varint();
  // A header takes at least two bytes.
  if (count < 0 || count * 2 > end - at) throw corrupt(`a count of ${count} headers`, from);
  const headers: RecordHeader[] = [];
  for (let index = 0; index < count; index += 1) {
    const keyLength = varint();
    if (keyLength < 0 || at + keyLength > end) throw corrupt(`a header key length of ${keyLength}`, at);
    const key = readUtf8(bytes, at, at + keyLength);
    at += keyLength;
    const valueLength = varint();
    if (valueLength < -1 || at + valueLength > end) throw corrupt(`a header value length of ${valueLength}`, at);
    const value = valueLength < 0 ? null : bytes.subarray(at, at + valueLength);
    at += Math.max(valueLength, 0);
    headers.push({ key, value });
  }
  if (at !== end) throw corrupt('bytes after the last header of a record', at);
  return headers;
}

function varlongExactAt(bytes: Uint8Array, at: number): bigint {
  let value = 0n;
  for (let index = 0; index < 10; index += 1) {
    const byte = bytes[at + index] as number;
    value |= BigInt(byte & 0x7f) << BigInt(7 * index);
    if (byte < 0x80) break;
  }
  value = BigInt.asUintN(64, value);
  return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
}
