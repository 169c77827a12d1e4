import { byteAt } from '../bytes.ts';
import { type RecordsScan, RecordsScanStatus } from '../core.ts';

/** A record takes at least 7 bytes: length, attributes, two deltas, two lengths, count of headers. */
const RECORD_BYTES_MIN = 7;
/** A header takes at least 2 bytes, its two lengths. */
const HEADER_BYTES_MIN = 2;

/** Walks the records and collects what `RecordsScan` says. */
export function scanRecords(records: Uint8Array, recordsCount: number): RecordsScan {
  return new RecordsScanner(records).scan(recordsCount);
}

/** Thrown inside the scan only, caught in `scan`. */
class BadRecord extends Error {
  readonly status: RecordsScanStatus;

  constructor(status: RecordsScanStatus) {
    super('bad record');
    this.status = status;
  }
}

class RecordsScanner {
  readonly #records: Uint8Array;
  #at = 0;
  /** Where the record being read ends; no field may go past it. */
  #end = 0;
  #goodRecords = 0;
  #consumedBytes = 0;
  #maxTimestampDelta = 0n;
  #minTimestampDelta = 0n;
  #offsetOfMaxTimestamp = -1;
  #nullKeys = 0;
  #offsetDeltasSequential = true;

  constructor(records: Uint8Array) {
    this.#records = records;
  }

  scan(recordsCount: number): RecordsScan {
    if (recordsCount < 0 || recordsCount !== (recordsCount | 0))
      return this.#result(RecordsScanStatus.BAD_RECORDS_COUNT);
    try {
      for (let index = 0; index < recordsCount; index++) this.#readRecord(index);
    } catch (error) {
      if (error instanceof BadRecord) return this.#result(error.status);
      throw error;
    }
    const filled = this.#at === this.#records.length;
    return this.#result(filled ? RecordsScanStatus.OK : RecordsScanStatus.TRAILING_BYTES);
  }

  #readRecord(index: number): void {
    this.#end = this.#records.length;
    const length = this.#readVarint(RecordsScanStatus.TRUNCATED);
    if (length < RECORD_BYTES_MIN - 1) throw new BadRecord(RecordsScanStatus.BAD_LENGTH);
    if (length > this.#end - this.#at) throw new BadRecord(RecordsScanStatus.TRUNCATED);
    this.#end = this.#at + length;
    this.#at += 1; // attributes, which mean nothing yet
    const timestampDelta = this.#readVarlong();
    const offsetDelta = this.#readVarint(RecordsScanStatus.BAD_LENGTH);
    const keyIsNull = this.#skipBytes(-1);
    this.#skipBytes(-1);
    this.#skipHeaders();
    if (this.#at !== this.#end) throw new BadRecord(RecordsScanStatus.RECORD_NOT_FILLED);
    this.#addRecord(index, timestampDelta, offsetDelta, keyIsNull);
  }

  #addRecord(index: number, timestampDelta: bigint, offsetDelta: number, keyIsNull: boolean): void {
    if (index === 0 || timestampDelta > this.#maxTimestampDelta) {
      this.#maxTimestampDelta = timestampDelta;
      this.#offsetOfMaxTimestamp = offsetDelta;
    }
    if (index === 0 || timestampDelta < this.#minTimestampDelta) this.#minTimestampDelta = timestampDelta;
    if (keyIsNull) this.#nullKeys += 1;
    if (offsetDelta !== index) this.#offsetDeltasSequential = false;
    this.#goodRecords += 1;
    this.#consumedBytes = this.#at;
  }

  #skipHeaders(): void {
    const count = this.#readVarint(RecordsScanStatus.BAD_LENGTH);
    if (count < 0 || count * HEADER_BYTES_MIN > this.#end - this.#at)
      throw new BadRecord(RecordsScanStatus.BAD_HEADER_COUNT);
    for (let index = 0; index < count; index++) {
      this.#skipBytes(0);
      this.#skipBytes(-1);
    }
  }

  /** Skips a length and that many bytes. Returns whether the length was -1, null. */
  #skipBytes(lengthMin: number): boolean {
    const length = this.#readVarint(RecordsScanStatus.BAD_LENGTH);
    if (length < lengthMin || length > this.#end - this.#at) throw new BadRecord(RecordsScanStatus.BAD_LENGTH);
    if (length < 0) return true;
    this.#at += length;
    return false;
  }

  #readVarint(pastEnd: RecordsScanStatus): number {
    let zigzag = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      if (this.#at >= this.#end) throw new BadRecord(pastEnd);
      const byte = byteAt(this.#records, this.#at++);
      zigzag |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (zigzag >>> 1) ^ -(zigzag & 1);
    }
    throw new BadRecord(RecordsScanStatus.BAD_VARINT);
  }

  #readVarlong(): bigint {
    let zigzag = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (this.#at >= this.#end) throw new BadRecord(RecordsScanStatus.BAD_LENGTH);
      const byte = byteAt(this.#records, this.#at++);
      zigzag |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return unzigzag64(BigInt.asUintN(64, zigzag));
    }
    throw new BadRecord(RecordsScanStatus.BAD_VARINT);
  }

  #result(status: RecordsScanStatus): RecordsScan {
    return {
      status,
      recordIndex: status === RecordsScanStatus.OK ? -1 : this.#goodRecords,
      recordsCount: this.#goodRecords,
      maxTimestampDelta: saturate(this.#maxTimestampDelta),
      minTimestampDelta: saturate(this.#minTimestampDelta),
      offsetOfMaxTimestamp: this.#offsetOfMaxTimestamp,
      nullKeys: this.#nullKeys,
      offsetDeltasSequential: this.#offsetDeltasSequential,
      consumedBytes: this.#consumedBytes,
    };
  }
}

function unzigzag64(zigzag: bigint): bigint {
  return (zigzag >> 1n) ^ -(zigzag & 1n);
}

function saturate(value: bigint): number {
  return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Number(value)));
}
