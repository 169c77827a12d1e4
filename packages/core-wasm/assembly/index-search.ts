const OFFSET_ENTRY_BYTES: usize = 8;
const TIME_ENTRY_BYTES: usize = 12;

/** Slot of the last entry whose big-endian int32 is <= `target`, -1 when there is none. */
export function searchOffsetIndex(entries: usize, entryCount: u32, target: i32): i32 {
  let low: u32 = 0;
  let high = entryCount;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const offset = <i32>bswap<u32>(load<u32>(entries + <usize>middle * OFFSET_ENTRY_BYTES));
    if (offset <= target) low = middle + 1;
    else high = middle;
  }
  return <i32>low - 1;
}

/** Slot of the last entry whose big-endian int64 is <= `target`, -1 when there is none. */
export function searchTimeIndex(entries: usize, entryCount: u32, target: f64): i32 {
  let low: u32 = 0;
  let high = entryCount;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const timestamp = <i64>bswap<u64>(load<u64>(entries + <usize>middle * TIME_ENTRY_BYTES));
    if (<f64>timestamp <= target) low = middle + 1;
    else high = middle;
  }
  return <i32>low - 1;
}
