import { SCAN_RESULT } from './layout';

// Keep in step with RecordsScanStatus in src/core.ts.
const OK: i32 = 0;
const TRUNCATED: i32 = -1;
const BAD_VARINT: i32 = -2;
const BAD_LENGTH: i32 = -3;
const BAD_HEADER_COUNT: i32 = -4;
const RECORD_NOT_FILLED: i32 = -5;
const TRAILING_BYTES: i32 = -6;

/** A record takes at least 7 bytes, of which its length tells of 6. */
const RECORD_LENGTH_MIN: i32 = 6;
/** A header takes at least 2 bytes, its two lengths. */
const HEADER_BYTES_MIN: u32 = 2;
/** 2^53 - 1, up to where a JavaScript number counts exactly. */
const SAFE_MAX: i64 = 9007199254740991;

// Readers give where they stopped and what they read in one value: the address in the high half, the number in the low half.
// No byte is ever at address 0, so address 0 means that the read failed, and the low half says why.

// @ts-ignore: decorator
@inline
function pair(address: usize, value: i32): u64 {
  return (<u64>address << 32) | <u64>(<u32>value);
}

// @ts-ignore: decorator
@inline
function addressOf(read: u64): usize {
  return <usize>(read >>> 32);
}

/** Reads a zigzag varint of at most 5 bytes, none at or beyond `end`; `pastEnd` is the fault of one that would go there. */
// @ts-ignore: decorator
@inline
function readVarint(at: usize, end: usize, pastEnd: i32): u64 {
  if (at < end) {
    const byte = <u32>load<u8>(at);
    if (byte < 0x80) return pair(at + 1, <i32>((byte >>> 1) ^ (0 - (byte & 1))));
  }
  return readLongVarint(at, end, pastEnd);
}

function readLongVarint(at: usize, end: usize, pastEnd: i32): u64 {
  let zigzag: u32 = 0;
  for (let shift: u32 = 0; shift < 35; shift += 7) {
    if (at >= end) return pair(0, pastEnd);
    const byte = <u32>load<u8>(at++);
    zigzag |= (byte & 0x7f) << shift;
    if (byte < 0x80) return pair(at, <i32>((zigzag >>> 1) ^ (0 - (zigzag & 1))));
  }
  return pair(0, BAD_VARINT);
}

/** What `readVarlong` read. */
let varlong: i64 = 0;

/** Reads a zigzag varlong of at most 10 bytes, none at or beyond `end`, into `varlong`. */
function readVarlong(at: usize, end: usize): u64 {
  let zigzag: u64 = 0;
  for (let shift: u64 = 0; shift < 70; shift += 7) {
    if (at >= end) return pair(0, BAD_LENGTH);
    const byte = <u64>load<u8>(at++);
    zigzag |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      varlong = <i64>((zigzag >>> 1) ^ (0 - (zigzag & 1)));
      return pair(at, OK);
    }
  }
  return pair(0, BAD_VARINT);
}

/** Reads a length and skips as many bytes; -1 is a length where `lengthMin` allows it. The value read is the length. */
// @ts-ignore: decorator
@inline
function skipBytes(at: usize, end: usize, lengthMin: i32): u64 {
  const read = readVarint(at, end, BAD_LENGTH);
  const after = addressOf(read);
  if (after == 0) return read;
  const length = <i32>read;
  if (length < lengthMin) return pair(0, BAD_LENGTH);
  if (length <= 0) return read;
  return <u32>length > <u32>(end - after) ? pair(0, BAD_LENGTH) : pair(after + <usize>length, length);
}

function skipHeaders(at: usize, end: usize, count: i32): u64 {
  if (count < 0 || <u32>count > <u32>(end - at) / HEADER_BYTES_MIN) return pair(0, BAD_HEADER_COUNT);
  while (count-- > 0) {
    const key = skipBytes(at, end, 0);
    if (addressOf(key) == 0) return key;
    const value = skipBytes(addressOf(key), end, -1);
    if (addressOf(value) == 0) return value;
    at = addressOf(value);
  }
  return pair(at, OK);
}

/** What is known of the records so far; written to SCAN_RESULT at the end. */
let maxTimestampDelta: i64 = 0;
let minTimestampDelta: i64 = 0;
let offsetOfMaxTimestamp: i32 = -1;
let nullKeys: u32 = 0;
let offsetDeltasSequential: bool = true;

/** Reads the fields of one record behind its length and takes them into account. Its address is `end`, or 0 with the fault. */
// @ts-ignore: decorator
@inline
function readRecord(at: usize, end: usize, index: i32): u64 {
  at++; // attributes, which mean nothing yet
  let timestampDelta: i64;
  const byte = <u32>load<u8>(at);
  if (byte < 0x80) {
    timestampDelta = <i64>(<i32>((byte >>> 1) ^ (0 - (byte & 1))));
    at++;
  } else {
    const timestamp = readVarlong(at, end);
    if (addressOf(timestamp) == 0) return timestamp;
    timestampDelta = varlong;
    at = addressOf(timestamp);
  }
  const offset = readVarint(at, end, BAD_LENGTH);
  if (addressOf(offset) == 0) return offset;
  const key = skipBytes(addressOf(offset), end, -1);
  if (addressOf(key) == 0) return key;
  const value = skipBytes(addressOf(key), end, -1);
  if (addressOf(value) == 0) return value;
  let headers = readVarint(addressOf(value), end, BAD_LENGTH);
  if (addressOf(headers) == 0) return headers;
  if (<i32>headers != 0) {
    headers = skipHeaders(addressOf(headers), end, <i32>headers);
    if (addressOf(headers) == 0) return headers;
  }
  if (addressOf(headers) != end) return pair(0, RECORD_NOT_FILLED);

  const offsetDelta = <i32>offset;
  if (timestampDelta > maxTimestampDelta || index == 0) {
    maxTimestampDelta = timestampDelta;
    offsetOfMaxTimestamp = offsetDelta;
  }
  if (timestampDelta < minTimestampDelta || index == 0) minTimestampDelta = timestampDelta;
  nullKeys += u32(<i32>key < 0);
  if (offsetDelta != index) offsetDeltasSequential = false;
  return headers;
}

/** Scans `recordsCount` records that are to fill `[source, source + size)`. Reads no byte outside. The result is at SCAN_RESULT. */
export function scanRecords(source: usize, size: usize, recordsCount: i32): void {
  const recordsEnd = source + size;
  maxTimestampDelta = 0;
  minTimestampDelta = 0;
  offsetOfMaxTimestamp = -1;
  nullKeys = 0;
  offsetDeltasSequential = true;
  let status = OK;
  let at = source;
  let index: i32 = 0;
  for (; index < recordsCount; index++) {
    const length = readVarint(at, recordsEnd, TRUNCATED);
    const fieldsAt = addressOf(length);
    if (fieldsAt == 0) {
      status = <i32>length;
      break;
    }
    if (<i32>length < RECORD_LENGTH_MIN) {
      status = BAD_LENGTH;
      break;
    }
    if (<u32>length > <u32>(recordsEnd - fieldsAt)) {
      status = TRUNCATED;
      break;
    }
    const record = readRecord(fieldsAt, fieldsAt + <usize>(<u32>length), index);
    if (addressOf(record) == 0) {
      status = <i32>record;
      break;
    }
    at = addressOf(record);
  }
  if (status == OK && at != recordsEnd) status = TRAILING_BYTES;
  storeResult(status, index, at - source);
}

/** Keep in step with `readScanResult` in src/wasm-core.ts. */
function storeResult(status: i32, recordsCount: i32, consumedBytes: usize): void {
  store<i32>(SCAN_RESULT, status);
  store<i32>(SCAN_RESULT, recordsCount, 4);
  store<i32>(SCAN_RESULT, offsetOfMaxTimestamp, 8);
  store<u32>(SCAN_RESULT, nullKeys, 12);
  store<u32>(SCAN_RESULT, u32(offsetDeltasSequential), 16);
  store<u32>(SCAN_RESULT, <u32>consumedBytes, 20);
  store<f64>(SCAN_RESULT, saturated(maxTimestampDelta), 24);
  store<f64>(SCAN_RESULT, saturated(minTimestampDelta), 32);
}

function saturated(value: i64): f64 {
  return <f64>max<i64>(-SAFE_MAX, min<i64>(SAFE_MAX, value));
}
