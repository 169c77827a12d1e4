import { int32BigEndianAt, uint32BigEndianAt } from '../bytes.ts';

/** Bytes of an offset index entry: int32 relative offset, int32 file position. */
export const OFFSET_ENTRY_BYTES = 8;
/** Bytes of a time index entry: int64 timestamp, int32 relative offset. */
export const TIME_ENTRY_BYTES = 12;

/** Slot of the last entry with an offset <= `relativeOffset`, -1 when there is none. */
export function searchOffsetIndex(entries: Uint8Array, entryCount: number, relativeOffset: number): number {
  requireEntries(entries, entryCount, OFFSET_ENTRY_BYTES);
  let low = 0;
  let high = entryCount;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (int32BigEndianAt(entries, middle * OFFSET_ENTRY_BYTES) <= relativeOffset) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Slot of the last entry with a timestamp <= `timestampMs`, -1 when there is none. */
export function searchTimeIndex(entries: Uint8Array, entryCount: number, timestampMs: number): number {
  requireEntries(entries, entryCount, TIME_ENTRY_BYTES);
  let low = 0;
  let high = entryCount;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (timestampAt(entries, middle * TIME_ENTRY_BYTES) <= timestampMs) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Throws unless `entries` holds `entryCount` entries: a search past the end would be a bug of the caller's. */
export function requireEntries(entries: Uint8Array, entryCount: number, entryBytes: number): void {
  if (!Number.isInteger(entryCount) || entryCount < 0 || entryCount * entryBytes > entries.length) {
    throw new RangeError(`${entryCount} index entries in ${entries.length} bytes`);
  }
}

/** Exact up to +-2^53, which is where timestamps end for ks; beyond, rounded, which keeps the order. */
function timestampAt(entries: Uint8Array, at: number): number {
  return int32BigEndianAt(entries, at) * 0x1_0000_0000 + uint32BigEndianAt(entries, at + 4);
}
