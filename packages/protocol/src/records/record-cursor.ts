import { corrupt } from './corrupt.ts';
import { BatchRecord } from './record.ts';
import type { RecordBatch } from './record-batch.ts';

const NULL_LENGTH = -1;

/**
 * Walks the uncompressed records of a batch without creating an object for any of them. After `next` returned true
 * the fields tell of one record; `record()` makes an object of it where one is wanted. Only what frames a record and its
 * key and value is checked on the way; headers are checked when they are read.
 */
export class RecordCursor {
  readonly batch: RecordBatch;
  /** The records' bytes, uncompressed. */
  readonly bytes: Uint8Array;
  offsetDelta = 0;
  /** Milliseconds after the batch's base timestamp, saturated at ±(2^53-1). */
  timestampDelta = 0;
  timestampDeltaAt = 0;
  keyAt = 0;
  /** -1 for null. */
  keySizeBytes = NULL_LENGTH;
  valueAt = 0;
  /** -1 for null. */
  valueSizeBytes = NULL_LENGTH;
  /** Where the headers' count stands. */
  headersAt = 0;
  /** Where the record starts, at its length. */
  startAt = 0;
  endAt = 0;
  readonly #baseOffset: number;
  #at = 0;
  #left: number;

  constructor(batch: RecordBatch, bytes: Uint8Array) {
    this.batch = batch;
    this.bytes = bytes;
    this.#baseOffset = batch.baseOffset;
    this.#left = batch.recordsCount;
    // A record takes at least seven bytes: a count beyond that is a lie, and would be believed by whoever sizes an array.
    if (this.#left < 0 || this.#left * 7 > bytes.length) {
      throw corrupt(`a batch of ${bytes.length} bytes of records claims ${this.#left} records`, 0);
    }
  }

  /** Goes to the next record. False after the last one. Throws a `ProtocolError` where the bytes are not records. */
  next(): boolean {
    if (this.#left === 0) {
      if (this.#at !== this.bytes.length) throw corrupt('bytes after the last record of a batch', this.#at);
      return false;
    }
    this.#left -= 1;
    this.startAt = this.#at;
    const length = this.#varint();
    this.endAt = this.#at + length;
    if (length < 0 || this.endAt > this.bytes.length) throw corrupt(`a record length of ${length}`, this.startAt);
    this.#at += 1;
    this.timestampDeltaAt = this.#at;
    this.timestampDelta = this.#varlong();
    this.offsetDelta = this.#varint();
    this.keySizeBytes = this.#varint();
    this.keyAt = this.#at;
    this.#skip(this.keySizeBytes, 'key');
    this.valueSizeBytes = this.#varint();
    this.valueAt = this.#at;
    this.#skip(this.valueSizeBytes, 'value');
    this.headersAt = this.#at;
    this.#at = this.endAt;
    return true;
  }

  get offset(): number {
    return this.#baseOffset + this.offsetDelta;
  }

  /** The record the cursor stands on, as an object that outlives the cursor's move. */
  record(): BatchRecord {
    return new BatchRecord(this);
  }

  #skip(length: number, what: string): void {
    if (length < NULL_LENGTH) throw corrupt(`a ${what} length of ${length}`, this.#at);
    if (length > 0) this.#at += length;
    // At least the headers' count must follow.
    if (this.#at >= this.endAt) throw corrupt(`a ${what} that runs over the end of its record`, this.startAt);
  }

  #varint(): number {
    const bytes = this.bytes;
    const first = bytes[this.#at] as number;
    if (first < 0x80) {
      this.#at += 1;
      return (first >>> 1) ^ -(first & 1);
    }
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = bytes[this.#at];
      if (byte === undefined) break;
      this.#at += 1;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
    throw corrupt('a varint that does not end', this.#at);
  }

  #varlong(): number {
    const bytes = this.bytes;
    let low = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = bytes[this.#at];
      if (byte === undefined) throw corrupt('a varlong that does not end', this.#at);
      this.#at += 1;
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (low >>> 1) ^ -(low & 1);
    }
    return this.#wideVarlong(low);
  }

  /** The rest of a varlong of more than four bytes, whose first 28 bits are `low`. */
  #wideVarlong(low: number): number {
    let high = 0;
    let scale = 1;
    for (let count = 0; count < 6; count += 1) {
      const byte = this.bytes[this.#at];
      if (byte === undefined) break;
      this.#at += 1;
      high += (byte & 0x7f) * scale;
      scale *= 0x80;
      if (byte < 0x80) return saturated(low, high);
    }
    throw corrupt('a varlong that does not end', this.#at);
  }
}

/** The zigzag number whose low 28 bits are `low` and whose other bits are `high`. */
function saturated(low: number, high: number): number {
  // Exact up to 2^53 before halving; beyond that the result is clamped, so that lost bits do not show.
  const half = high * 0x8000000 + (low >>> 1);
  const value = (low & 1) === 0 ? half : -half - 1;
  if (value > Number.MAX_SAFE_INTEGER) return Number.MAX_SAFE_INTEGER;
  if (value < Number.MIN_SAFE_INTEGER) return Number.MIN_SAFE_INTEGER;
  return value;
}
