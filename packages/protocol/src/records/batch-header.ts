import { int8At, int16At, int32At, int64At, setInt16, setInt32, setInt64, uint32At } from './fixed-width.ts';

/**
 * The header of a record batch of magic 2, read and written by fixed offsets. Every function takes the bytes and the
 * position of the batch in them; at least `BATCH_HEADER_BYTES` bytes must follow that position (at least 17 for
 * `batchLength`, `batchSizeBytes` and `magic`). Int64 fields are numbers saturated at ±(2^53-1).
 */

/** baseOffset and batchLength: what precedes the bytes that batchLength counts. */
export const LOG_OVERHEAD_BYTES = 12;
/** The whole header of a v2 batch; records follow it. */
export const BATCH_HEADER_BYTES = 61;
/** What must be there before `magic` can be read. Every format (v0, v1, v2) has its magic at the same place. */
export const MAGIC_END_BYTES = 17;
/** The magic of the record batch (v2). Message sets have 0 and 1. */
export const RECORD_BATCH_MAGIC = 2;

export const NO_PRODUCER_ID = -1;
export const NO_PRODUCER_EPOCH = -1;
export const NO_SEQUENCE = -1;
export const NO_LEADER_EPOCH = -1;
export const NO_TIMESTAMP = -1;

/** Positions within the header. The CRC covers everything from `attributes` to the end of the batch. */
const BATCH_LENGTH = 8;
const LEADER_EPOCH = 12;
const MAGIC = 16;
const CRC = 17;
const ATTRIBUTES = 21;
const LAST_OFFSET_DELTA = 23;
const BASE_TIMESTAMP = 27;
const MAX_TIMESTAMP = 35;
const PRODUCER_ID = 43;
const PRODUCER_EPOCH = 51;
const BASE_SEQUENCE = 53;
const RECORDS_COUNT = 57;

/** First byte that the CRC covers, from the start of the batch. */
export const CRC_COVERED_FROM = ATTRIBUTES;

/** Bits of `attributes`. */
export const COMPRESSION_MASK = 0x07;
export const LOG_APPEND_TIME_BIT = 0x08;
export const TRANSACTIONAL_BIT = 0x10;
export const CONTROL_BIT = 0x20;
export const DELETE_HORIZON_BIT = 0x40;

export function baseOffset(bytes: Uint8Array, at: number): number {
  return int64At(bytes, at);
}

/** Bytes after the batchLength field, as the batch says: not to be trusted before it is compared with what is there. */
export function batchLength(bytes: Uint8Array, at: number): number {
  return int32At(bytes, at + BATCH_LENGTH);
}

/** The size of the whole batch, as the batch says. */
export function batchSizeBytes(bytes: Uint8Array, at: number): number {
  return int32At(bytes, at + BATCH_LENGTH) + LOG_OVERHEAD_BYTES;
}

/** The leader epoch that the broker stamped, -1 in a producer's batch. Not covered by the CRC. */
export function leaderEpoch(bytes: Uint8Array, at: number): number {
  return int32At(bytes, at + LEADER_EPOCH);
}

export function magic(bytes: Uint8Array, at: number): number {
  return int8At(bytes, at + MAGIC);
}

/** The CRC-32C that the batch claims, unsigned. */
export function crc(bytes: Uint8Array, at: number): number {
  return uint32At(bytes, at + CRC);
}

export function attributes(bytes: Uint8Array, at: number): number {
  return int16At(bytes, at + ATTRIBUTES);
}

export function lastOffsetDelta(bytes: Uint8Array, at: number): number {
  return int32At(bytes, at + LAST_OFFSET_DELTA);
}

/** The offset of the last record the batch was written with; compaction may have removed that record since. */
export function lastOffset(bytes: Uint8Array, at: number): number {
  return baseOffset(bytes, at) + lastOffsetDelta(bytes, at);
}

/** What record timestamps are relative to; with `hasDeleteHorizon` it is the delete horizon. */
export function baseTimestamp(bytes: Uint8Array, at: number): number {
  return int64At(bytes, at + BASE_TIMESTAMP);
}

/** The greatest record timestamp, or the append time where `isLogAppendTime`. */
export function maxTimestamp(bytes: Uint8Array, at: number): number {
  return int64At(bytes, at + MAX_TIMESTAMP);
}

export function producerId(bytes: Uint8Array, at: number): number {
  return int64At(bytes, at + PRODUCER_ID);
}

export function producerEpoch(bytes: Uint8Array, at: number): number {
  return int16At(bytes, at + PRODUCER_EPOCH);
}

export function baseSequence(bytes: Uint8Array, at: number): number {
  return int32At(bytes, at + BASE_SEQUENCE);
}

/** How many records the batch claims to hold; 0 where compaction emptied it. */
export function recordsCount(bytes: Uint8Array, at: number): number {
  return int32At(bytes, at + RECORDS_COUNT);
}

/** 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd; 5 to 7 are not defined. */
export function compressionId(bytes: Uint8Array, at: number): number {
  return (bytes[at + ATTRIBUTES + 1] as number) & COMPRESSION_MASK;
}

/** Whether every record reads as written at `maxTimestamp`, the broker's append time. */
export function isLogAppendTime(bytes: Uint8Array, at: number): boolean {
  return ((bytes[at + ATTRIBUTES + 1] as number) & LOG_APPEND_TIME_BIT) !== 0;
}

export function isTransactional(bytes: Uint8Array, at: number): boolean {
  return ((bytes[at + ATTRIBUTES + 1] as number) & TRANSACTIONAL_BIT) !== 0;
}

/** Whether the batch holds a control record (a transaction marker, a leader change) that readers skip. */
export function isControlBatch(bytes: Uint8Array, at: number): boolean {
  return ((bytes[at + ATTRIBUTES + 1] as number) & CONTROL_BIT) !== 0;
}

export function hasDeleteHorizon(bytes: Uint8Array, at: number): boolean {
  return ((bytes[at + ATTRIBUTES + 1] as number) & DELETE_HORIZON_BIT) !== 0;
}

/** The CRC leaves this field out: a broker sets it without touching the rest. */
export function setBaseOffset(bytes: Uint8Array, at: number, value: number): void {
  setInt64(bytes, at, value);
}

export function setBatchLength(bytes: Uint8Array, at: number, value: number): void {
  setInt32(bytes, at + BATCH_LENGTH, value);
}

/** The CRC leaves this field out: a broker sets it without touching the rest. */
export function setLeaderEpoch(bytes: Uint8Array, at: number, value: number): void {
  setInt32(bytes, at + LEADER_EPOCH, value);
}

export function setMagic(bytes: Uint8Array, at: number, value: number): void {
  bytes[at + MAGIC] = value;
}

export function setCrc(bytes: Uint8Array, at: number, value: number): void {
  setInt32(bytes, at + CRC, value);
}

/** Covered by the CRC, as are all that follow: set the CRC afterwards. */
export function setAttributes(bytes: Uint8Array, at: number, value: number): void {
  setInt16(bytes, at + ATTRIBUTES, value);
}

export function setLastOffsetDelta(bytes: Uint8Array, at: number, value: number): void {
  setInt32(bytes, at + LAST_OFFSET_DELTA, value);
}

export function setBaseTimestamp(bytes: Uint8Array, at: number, value: number): void {
  setInt64(bytes, at + BASE_TIMESTAMP, value);
}

export function setMaxTimestamp(bytes: Uint8Array, at: number, value: number): void {
  setInt64(bytes, at + MAX_TIMESTAMP, value);
}

export function setProducerId(bytes: Uint8Array, at: number, value: number): void {
  setInt64(bytes, at + PRODUCER_ID, value);
}

export function setProducerEpoch(bytes: Uint8Array, at: number, value: number): void {
  setInt16(bytes, at + PRODUCER_EPOCH, value);
}

export function setBaseSequence(bytes: Uint8Array, at: number, value: number): void {
  setInt32(bytes, at + BASE_SEQUENCE, value);
}

export function setRecordsCount(bytes: Uint8Array, at: number, value: number): void {
  setInt32(bytes, at + RECORDS_COUNT, value);
}
