import type { Codec } from '../compression/codec.ts';
import { type CompressionType, compressionTypes } from '../compression/compression-type.ts';
import { type Checksum, isBatchCrcValid } from './batch-crc.ts';
import * as header from './batch-header.ts';
import { corrupt } from './corrupt.ts';
import { int64ExactAt } from './fixed-width.ts';
import type { BatchRecord } from './record.ts';
import { RecordCursor } from './record-cursor.ts';

/** Where baseTimestamp and maxTimestamp stand, for reading them in full range. */
const BASE_TIMESTAMP_AT = 27;
const MAX_TIMESTAMP_AT = 35;

/** One record batch of magic 2: a view of its bytes. The header is read on access; records only when they are asked for. */
export class RecordBatch {
  /** The whole batch, header included. */
  readonly bytes: Uint8Array;

  /** `bytes` is one whole batch. Throws a `ProtocolError` when its length or magic says otherwise. */
  constructor(bytes: Uint8Array) {
    if (bytes.length < header.BATCH_HEADER_BYTES) throw corrupt(`a record batch of ${bytes.length} bytes`, 0);
    if (header.magic(bytes, 0) !== header.RECORD_BATCH_MAGIC) {
      throw corrupt(`a record batch of magic ${header.magic(bytes, 0)}`, 16);
    }
    if (header.batchSizeBytes(bytes, 0) !== bytes.length) {
      throw corrupt(`a batch length of ${header.batchLength(bytes, 0)} in a batch of ${bytes.length} bytes`, 8);
    }
    this.bytes = bytes;
  }

  get sizeBytes(): number {
    return this.bytes.length;
  }

  get baseOffset(): number {
    return header.baseOffset(this.bytes, 0);
  }

  /** The last offset the batch takes up, whether or not a record of that offset is still in it. */
  get lastOffset(): number {
    return header.lastOffset(this.bytes, 0);
  }

  /** Where a reader goes on after this batch. */
  get nextOffset(): number {
    return this.lastOffset + 1;
  }

  get leaderEpoch(): number {
    return header.leaderEpoch(this.bytes, 0);
  }

  get recordsCount(): number {
    return header.recordsCount(this.bytes, 0);
  }

  get baseTimestamp(): number {
    return header.baseTimestamp(this.bytes, 0);
  }

  get maxTimestamp(): number {
    return header.maxTimestamp(this.bytes, 0);
  }

  get producerId(): number {
    return header.producerId(this.bytes, 0);
  }

  get producerEpoch(): number {
    return header.producerEpoch(this.bytes, 0);
  }

  get baseSequence(): number {
    return header.baseSequence(this.bytes, 0);
  }

  get isLogAppendTime(): boolean {
    return header.isLogAppendTime(this.bytes, 0);
  }

  get isTransactional(): boolean {
    return header.isTransactional(this.bytes, 0);
  }

  get isControl(): boolean {
    return header.isControlBatch(this.bytes, 0);
  }

  /** Throws a `ProtocolError` for a number that no codec has. */
  get compression(): CompressionType {
    const id = header.compressionId(this.bytes, 0);
    const type = compressionTypes[id];
    if (type === undefined) throw corrupt(`a compression type of ${id}`, 21);
    return type;
  }

  /** The records as they are stored: plain, or one compressed block. */
  get payload(): Uint8Array {
    return this.bytes.subarray(header.BATCH_HEADER_BYTES);
  }

  isCrcValid(checksum: Checksum): boolean {
    return isBatchCrcValid(this.bytes, 0, checksum);
  }

  /** The plain records: at once where nothing is compressed. Fails with `CodecError`. */
  decompress(codec: Codec, maxBytes: number): Uint8Array | Promise<Uint8Array> {
    const compression = this.compression;
    return compression === 'none' ? this.payload : codec.decompress(compression, this.payload, maxBytes);
  }

  /** Walks plain records, as `decompress` gives them, without creating objects. */
  cursor(plainRecords: Uint8Array): RecordCursor {
    return new RecordCursor(this, plainRecords);
  }

  /** The records one by one. `plainRecords` is what `decompress` gave. */
  *records(plainRecords: Uint8Array): Generator<BatchRecord, void, undefined> {
    const cursor = this.cursor(plainRecords);
    while (cursor.next()) yield cursor.record();
  }

  /** The timestamp of a record with this delta, saturated at ±(2^53-1). */
  timestampOf(timestampDelta: number): number {
    if (this.isLogAppendTime) return this.maxTimestamp;
    const timestamp = this.baseTimestamp + timestampDelta;
    return Math.min(Math.max(timestamp, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
  }

  /** The same in full range. */
  exactTimestampOf(timestampDelta: bigint): bigint {
    if (this.isLogAppendTime) return int64ExactAt(this.bytes, MAX_TIMESTAMP_AT);
    return BigInt.asIntN(64, int64ExactAt(this.bytes, BASE_TIMESTAMP_AT) + timestampDelta);
  }
}

/**
 * The batches that lie one after another in `bytes`, as a Fetch response or a log holds them. A batch that is cut off at
 * the end is left out, as a broker may send one. Throws a `ProtocolError` at a length that no batch can have and at
 * message sets (magic 0 and 1, see legacy-message-set.ts).
 */
export function* recordBatchesOf(bytes: Uint8Array): Generator<RecordBatch, void, undefined> {
  let at = 0;
  while (bytes.length - at >= header.MAGIC_END_BYTES) {
    const sizeBytes = header.batchSizeBytes(bytes, at);
    if (sizeBytes < header.MAGIC_END_BYTES) throw corrupt(`a batch length of ${header.batchLength(bytes, at)}`, at + 8);
    if (sizeBytes > bytes.length - at) return;
    yield new RecordBatch(bytes.subarray(at, at + sizeBytes));
    at += sizeBytes;
  }
}
