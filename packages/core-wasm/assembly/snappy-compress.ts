import { commonBytes, copyFromInput } from './copy';
import { HASH_TABLE } from './layout';

const HASH_BITS_MAX: u32 = 14;
const MATCH_MIN: usize = 4;
/** The last bytes of a block are not searched, so that loads stay inside. */
const SEARCH_MARGIN: usize = 15;
/** After so many misses (as a power of two) the search goes on in wider steps. */
const SKIP_SHIFT: u32 = 5;

// @ts-ignore: decorator
@inline
function slotOf(bytes: u32, shift: u32): usize {
  return HASH_TABLE + (<usize>((bytes * 0x1e35a7bd) >>> shift) << 1);
}

// @ts-ignore: decorator
@inline
function exchange(slot: usize, at: usize, source: usize): usize {
  const before = source + <usize>load<u16>(slot);
  store<u16>(slot, <u16>(at - source));
  return before;
}

/**
 * Searches from `at` on for bytes seen before, in steps that widen while nothing is found.
 * @returns where they are (high half) and were (low half), or 0 when the last place to start was passed
 */
// @ts-ignore: decorator
@inline
function findMatch(at: usize, lastStart: usize, source: usize, shift: u32): u64 {
  let next = at;
  let nextSlot = slotOf(load<u32>(at), shift);
  let misses: u32 = 1 << SKIP_SHIFT;
  while (true) {
    at = next;
    const step = misses >>> SKIP_SHIFT;
    next += <usize>step;
    misses += step;
    if (next > lastStart) return 0;
    const slot = nextSlot;
    nextSlot = slotOf(load<u32>(next), shift);
    const match = exchange(slot, at, source);
    if (load<u32>(match) == load<u32>(at)) return (<u64>at << 32) | <u64>match;
  }
}

// @ts-ignore: decorator
@inline
function putLiterals(write: usize, literals: usize, size: usize, sourceEnd: usize): usize {
  const code = <u32>size - 1;
  if (code < 60) {
    store<u8>(write++, <u8>(code << 2));
    if (size <= 16 && literals + 16 <= sourceEnd) {
      v128.store(write, v128.load(literals));
      return write + size;
    }
  } else if (code < 256) {
    store<u8>(write++, 60 << 2);
    store<u8>(write++, <u8>code);
  } else {
    store<u8>(write++, 61 << 2);
    store<u16>(write, <u16>code);
    write += 2;
  }
  copyFromInput(write, literals, size, sourceEnd);
  return write + size;
}

/** A copy with 2 bytes of distance, 1 to 64 bytes long. */
// @ts-ignore: decorator
@inline
function putCopy(write: usize, distance: usize, size: usize): usize {
  store<u8>(write, <u8>(((size - 1) << 2) | 2));
  store<u16>(write, <u16>distance, 1);
  return write + 3;
}

/** Writes a match as copies of at most 64 bytes, none of fewer than 4. */
// @ts-ignore: decorator
@inline
function putMatch(write: usize, distance: usize, size: usize): usize {
  while (size >= 68) {
    write = putCopy(write, distance, 64);
    size -= 64;
  }
  if (size > 64) {
    write = putCopy(write, distance, 60);
    size -= 60;
  }
  if (size >= 12 || distance >= 2048) return putCopy(write, distance, size);
  store<u8>(write, <u8>(((distance >>> 8) << 5) | ((size - 4) << 2) | 1));
  store<u8>(write, <u8>distance, 1);
  return write + 2;
}

/** Empties as much of the hash table as a block of this size needs. Returns how far hashes are to be shifted. */
// @ts-ignore: decorator
@inline
function clearHashTable(size: usize): u32 {
  let bits: u32 = 8;
  while (bits < HASH_BITS_MAX && <usize>1 << bits < size) bits++;
  memory.fill(HASH_TABLE, 0, <usize>2 << bits);
  return 32 - bits;
}

/**
 * Compresses `[source, source + size)`, at most 64 KB, into one block (with its preamble) at `target` in the window, which has room
 * for `snappyBlockBound`. Reads no byte outside the input; writes at most the bound and, within the window's slack, up to 16 beyond.
 * @returns the bytes written
 */
export function snappyCompressBlock(source: usize, size: usize, target: usize): i32 {
  const sourceEnd = source + size;
  let write = target;
  for (let left = <u32>size; ; left >>>= 7) {
    store<u8>(write++, <u8>(left < 0x80 ? left : left | 0x80));
    if (left < 0x80) break;
  }
  let literals = source;
  if (size > SEARCH_MARGIN) {
    const shift = clearHashTable(size);
    const lastStart = sourceEnd - SEARCH_MARGIN;
    let at = source + 1;
    while (at <= lastStart) {
      const found = findMatch(at, lastStart, source, shift);
      if (found == 0) break;
      at = <usize>(found >>> 32);
      let match = <usize>(<u32>found);
      if (at > literals) write = putLiterals(write, literals, at - literals, sourceEnd);
      do {
        const matchBytes = MATCH_MIN + commonBytes(match + MATCH_MIN, at + MATCH_MIN, sourceEnd);
        write = putMatch(write, at - match, matchBytes);
        at += matchBytes;
        literals = at;
        if (at > lastStart) break;
        store<u16>(slotOf(load<u32>(at - 1), shift), <u16>(at - 1 - source));
        match = exchange(slotOf(load<u32>(at), shift), at, source);
      } while (load<u32>(match) == load<u32>(at));
      at++;
    }
  }
  if (literals < sourceEnd) write = putLiterals(write, literals, sourceEnd - literals, sourceEnd);
  return <i32>(write - target);
}
