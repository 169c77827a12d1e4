import type { RecordCursor } from '@ks/protocol';

/** Copies the record the cursor stands on, as it is, to `at` of `into`; returns where it ends. */
export function copyRecord(cursor: RecordCursor, into: Uint8Array, at: number): number {
  into.set(cursor.bytes.subarray(cursor.startAt, cursor.endAt), at);
  return at + cursor.endAt - cursor.startAt;
}

/**
 * Writes the record the cursor stands on with a timestamp delta that is `shiftMs` greater: its batch's base timestamp has moved back by
 * as much. Everything behind the delta is copied as it is.
 */
export function writeShiftedRecord(cursor: RecordCursor, into: Uint8Array, at: number, shiftMs: number): number {
  const { bytes, timestampDeltaAt, endAt } = cursor;
  const restAt = varintEnd(bytes, timestampDeltaAt);
  const delta = clamped(cursor.timestampDelta + shiftMs);
  const attributes = bytes[timestampDeltaAt - 1] as number;
  let position = writeVarint(into, at, 1 + varintSize(delta) + endAt - restAt);
  into[position] = attributes;
  position = writeVarint(into, position + 1, delta);
  into.set(bytes.subarray(restAt, endAt), position);
  return position + endAt - restAt;
}

/** Where the varint at `at` ends; the cursor has seen that it does. */
function varintEnd(bytes: Uint8Array, at: number): number {
  let end = at;
  while ((bytes[end] as number) >= 0x80) end += 1;
  return end + 1;
}

/** Zigzag doubles: within this a number's double is exact. */
const EXACT_MAX = 2 ** 52 - 1;

/** Timestamps so far off that arithmetic would not be exact (285,000 years) move to the end of what is. */
function clamped(delta: number): number {
  return Math.max(-EXACT_MAX, Math.min(EXACT_MAX, delta));
}

function zigzag(value: number): number {
  return value >= 0 ? value * 2 : -value * 2 - 1;
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = zigzag(value); rest >= 0x80; rest = Math.floor(rest / 0x80)) size += 1;
  return size;
}

function writeVarint(into: Uint8Array, at: number, value: number): number {
  let position = at;
  let rest = zigzag(value);
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) {
    into[position] = (rest % 0x80) | 0x80;
    position += 1;
  }
  into[position] = rest;
  return position + 1;
}
