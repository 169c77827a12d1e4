// Without branches that depend on what is found: such a branch is guessed wrong every other time.

const OFFSET_ENTRY_BYTES: usize = 8;
const TIME_ENTRY_BYTES: usize = 12;

/** Slot of the last entry whose big-endian int32 is <= `target`, -1 when there is none. */
export function searchOffsetIndex(entries: usize, entryCount: u32, target: i32): i32 {
  if (entryCount == 0) return -1;
  let slot: u32 = 0;
  for (let left = entryCount; left > 1; ) {
    const half = left >>> 1;
    slot = select<u32>(slot + half, slot, offsetAt(entries, slot + half) <= target);
    left -= half;
  }
  return offsetAt(entries, slot) <= target ? <i32>slot : -1;
}

// @ts-ignore: decorator
@inline
function offsetAt(entries: usize, slot: u32): i32 {
  return <i32>bswap<u32>(load<u32>(entries + <usize>slot * OFFSET_ENTRY_BYTES));
}

/** Slot of the last entry whose big-endian int64 is <= `target`, a whole number within 2^53, -1 when there is none. */
export function searchTimeIndex(entries: usize, entryCount: u32, targetMs: f64): i32 {
  if (entryCount == 0) return -1;
  const target = <i64>targetMs;
  let slot: u32 = 0;
  for (let left = entryCount; left > 1; ) {
    const half = left >>> 1;
    slot = select<u32>(slot + half, slot, timestampAt(entries, slot + half) <= target);
    left -= half;
  }
  return timestampAt(entries, slot) <= target ? <i32>slot : -1;
}

// @ts-ignore: decorator
@inline
function timestampAt(entries: usize, slot: u32): i64 {
  return <i64>bswap<u64>(load<u64>(entries + <usize>slot * TIME_ENTRY_BYTES));
}
