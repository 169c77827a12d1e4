import type { Codec } from '../compression/codec.ts';
import { type CompressionType, compressionIdOf } from '../compression/compression-type.ts';
import { type Checksum, sealBatch } from './batch-crc.ts';
import * as header from './batch-header.ts';
import type { RecordHeader } from './record.ts';
import { utf8SizeBytes, writeUtf8 } from './utf8.ts';
import { varintSizeBytes, varlongSizeBytes, writeVarint, writeVarlong } from './varint.ts';

const NO_HEADERS: readonly RecordHeader[] = [];
const INITIAL_BYTES = 512;

/** What a batch says of itself besides its records. Everything left out is as a plain producer sends it. */
export interface BatchSeal {
  /** Default 'none'; anything else needs `codec`. */
  readonly compression?: CompressionType;
  readonly codec?: Codec;
  readonly checksum: Checksum;
  /** Default 0, as producers send it. */
  readonly baseOffset?: number;
  /** Default -1, as producers send it. */
  readonly leaderEpoch?: number;
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly isTransactional?: boolean;
  readonly isControl?: boolean;
  /** The append time in milliseconds, where every record shall read as written then. */
  readonly logAppendTimeMs?: number;
}

/**
 * A v2 batch that grows record by record. Each record is written once, straight to its place behind room for the
 * header; `seal` fills in the header, after compressing where that is asked for.
 */
export class RecordBatchBuilder {
  #bytes: Uint8Array;
  #at = header.BATCH_HEADER_BYTES;
  #recordsCount = 0;
  #baseTimestamp = header.NO_TIMESTAMP;
  #maxTimestamp = header.NO_TIMESTAMP;
  #lastOffsetDelta = -1;

  /** `expectedBytes` saves growing where the size is known; `memory`, whatever it holds, is used in place of new. */
  constructor(expectedBytes: number = INITIAL_BYTES, memory?: Uint8Array) {
    this.#bytes = memory ?? new Uint8Array(Math.max(expectedBytes, INITIAL_BYTES));
  }

  /** Where the batch lies: to be used again when nobody needs what `seal` gave. */
  get memory(): Uint8Array {
    return this.#bytes;
  }

  get recordsCount(): number {
    return this.#recordsCount;
  }

  /** The size of the batch so far, header included, before compression. */
  get sizeBytes(): number {
    return this.#at;
  }

  /**
   * Adds a record, copying key, value and headers. Returns its offset delta.
   *
   * @param timestampMs milliseconds since the epoch; the first record's becomes the batch's base timestamp
   * @param offsetDelta where it is not one more than the record before (compacted batches); it must be greater
   */
  append(
    timestampMs: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: readonly RecordHeader[] = NO_HEADERS,
    offsetDelta: number = this.#lastOffsetDelta + 1,
  ): number {
    if (offsetDelta <= this.#lastOffsetDelta) {
      throw new RangeError(`offset delta ${offsetDelta} does not come after ${this.#lastOffsetDelta}`);
    }
    if (this.#recordsCount === 0) this.#baseTimestamp = timestampMs;
    const timestampDelta = timestampMs - this.#baseTimestamp;
    const length = bodySizeBytes(timestampDelta, offsetDelta, key, value, headers);
    this.#reserve(length + 5);
    this.#write(length, timestampDelta, offsetDelta, key, value, headers);
    this.#recordsCount += 1;
    this.#lastOffsetDelta = offsetDelta;
    if (timestampMs > this.#maxTimestamp) this.#maxTimestamp = timestampMs;
    return offsetDelta;
  }

  /**
   * Finishes the batch. The result is a view of the builder's own memory where nothing is compressed: append no more.
   * A promise comes back only where the codec gives one.
   */
  seal(options: BatchSeal): Uint8Array | Promise<Uint8Array> {
    const compression = options.compression ?? 'none';
    if (compression === 'none') return this.#finish(this.#bytes.subarray(0, this.#at), options);
    if (options.codec === undefined) throw new TypeError(`a codec is needed for ${compression}`);
    const payload = options.codec.compress(compression, this.#bytes.subarray(header.BATCH_HEADER_BYTES, this.#at));
    if (payload instanceof Uint8Array) return this.#finish(behindHeader(payload), options);
    return payload.then((compressed) => this.#finish(behindHeader(compressed), options));
  }

  #finish(batch: Uint8Array, options: BatchSeal): Uint8Array {
    const appendTime = options.logAppendTimeMs;
    header.setBaseOffset(batch, 0, options.baseOffset ?? 0);
    header.setBatchLength(batch, 0, batch.length - header.LOG_OVERHEAD_BYTES);
    header.setLeaderEpoch(batch, 0, options.leaderEpoch ?? header.NO_LEADER_EPOCH);
    header.setMagic(batch, 0, header.RECORD_BATCH_MAGIC);
    header.setAttributes(batch, 0, attributesOf(options));
    header.setLastOffsetDelta(batch, 0, this.#lastOffsetDelta);
    header.setBaseTimestamp(batch, 0, this.#baseTimestamp);
    header.setMaxTimestamp(batch, 0, appendTime ?? this.#maxTimestamp);
    header.setProducerId(batch, 0, options.producerId ?? header.NO_PRODUCER_ID);
    header.setProducerEpoch(batch, 0, options.producerEpoch ?? header.NO_PRODUCER_EPOCH);
    header.setBaseSequence(batch, 0, options.baseSequence ?? header.NO_SEQUENCE);
    header.setRecordsCount(batch, 0, this.#recordsCount);
    sealBatch(batch, 0, options.checksum);
    return batch;
  }

  #write(
    length: number,
    timestampDelta: number,
    offsetDelta: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: readonly RecordHeader[],
  ): void {
    const bytes = this.#bytes;
    let at = writeVarint(bytes, this.#at, length);
    bytes[at] = 0;
    at = writeVarlong(bytes, at + 1, timestampDelta);
    at = writeVarint(bytes, at, offsetDelta);
    at = writeNullable(bytes, at, key);
    at = writeNullable(bytes, at, value);
    at = writeVarint(bytes, at, headers.length);
    for (const { key: name, value: content } of headers) {
      at = writeVarint(bytes, at, utf8SizeBytes(name));
      at = writeUtf8(bytes, at, name);
      at = writeNullable(bytes, at, content);
    }
    this.#at = at;
  }

  #reserve(more: number): void {
    if (this.#at + more <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + more));
    grown.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = grown;
  }
}

/** At most this many bytes does a record add to a batch: what a producer asks before it appends. */
export function recordSizeUpperBound(
  key: Uint8Array | null,
  value: Uint8Array | null,
  headers: readonly RecordHeader[] = NO_HEADERS,
): number {
  // Length, key length, value length and count at five bytes each, attributes one, timestamp delta ten, offset delta five.
  let size = 36 + (key?.length ?? 0) + (value?.length ?? 0);
  for (const one of headers) size += 10 + utf8SizeBytes(one.key) + (one.value?.length ?? 0);
  return size;
}

function bodySizeBytes(
  timestampDelta: number,
  offsetDelta: number,
  key: Uint8Array | null,
  value: Uint8Array | null,
  headers: readonly RecordHeader[],
): number {
  let size = 1 + varlongSizeBytes(timestampDelta) + varintSizeBytes(offsetDelta);
  size += nullableSizeBytes(key) + nullableSizeBytes(value) + varintSizeBytes(headers.length);
  for (const { key: name, value: content } of headers) {
    const nameBytes = utf8SizeBytes(name);
    size += varintSizeBytes(nameBytes) + nameBytes + nullableSizeBytes(content);
  }
  return size;
}

function nullableSizeBytes(bytes: Uint8Array | null): number {
  return bytes === null ? 1 : varintSizeBytes(bytes.length) + bytes.length;
}

function writeNullable(bytes: Uint8Array, at: number, content: Uint8Array | null): number {
  if (content === null) return writeVarint(bytes, at, -1);
  const start = writeVarint(bytes, at, content.length);
  bytes.set(content, start);
  return start + content.length;
}

function behindHeader(payload: Uint8Array): Uint8Array {
  const batch = new Uint8Array(header.BATCH_HEADER_BYTES + payload.length);
  batch.set(payload, header.BATCH_HEADER_BYTES);
  return batch;
}

function attributesOf(options: BatchSeal): number {
  let bits = compressionIdOf(options.compression ?? 'none');
  if (options.logAppendTimeMs !== undefined) bits |= header.LOG_APPEND_TIME_BIT;
  if (options.isTransactional === true) bits |= header.TRANSACTIONAL_BIT;
  if (options.isControl === true) bits |= header.CONTROL_BIT;
  return bits;
}
