import { commonBytes } from './copy';
import { HASH_TABLE } from './layout';
import { LITERAL_TAIL, MATCH_MIN, MATCH_START_MARGIN, putLengthTail, putLiterals } from './lz4-sequence';

const HASH_BITS_MIN: u32 = 9;
const HASH_BITS_MAX: u32 = 13;
/** After so many misses (as a power of two) the search goes on in wider steps. */
const SKIP_SHIFT: u32 = 6;

/** Index in the hash table of the 5 bytes at `at`. */
// @ts-ignore: decorator
@inline
function slotOf(at: usize, shift: u64): usize {
  return HASH_TABLE + (<usize>(((load<u64>(at) << 24) * 889523592379) >>> shift) << 1);
}

/** Empties as much of the hash table as a block of this size needs. Returns how far hashes are to be shifted. */
// @ts-ignore: decorator
@inline
function clearHashTable(size: usize): u64 {
  let bits = HASH_BITS_MIN;
  while (bits < HASH_BITS_MAX && <usize>1 << bits < size) bits++;
  memory.fill(HASH_TABLE, 0, <usize>2 << bits);
  return 64 - <u64>bits;
}

/** Remembers `at` in the slot and gives where the hash was seen before (the start of the block, when never). */
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
function findMatch(at: usize, lastStart: usize, source: usize, shift: u64): u64 {
  let next = at;
  let nextSlot = slotOf(at, shift);
  let misses: u32 = 1 << SKIP_SHIFT;
  while (true) {
    at = next;
    next += <usize>(misses++ >>> SKIP_SHIFT);
    if (next > lastStart) return 0;
    const slot = nextSlot;
    nextSlot = slotOf(next, shift);
    const match = exchange(slot, at, source);
    if (load<u32>(match) == load<u32>(at)) return (<u64>at << 32) | <u64>match;
  }
}

/**
 * Compresses the block `[source, source + size)`, at most 64 KB, to `target` in the window, which has room for `lz4BlockBound`.
 * Reads no byte outside the block; writes at most the bound and, within the window's slack, up to 16 beyond.
 * @returns the bytes written
 */
export function lz4CompressBlock(source: usize, size: usize, target: usize): i32 {
  const sourceEnd = source + size;
  let literals = source;
  let write = target;
  if (size > MATCH_START_MARGIN) {
    const shift = clearHashTable(size);
    const lastStart = sourceEnd - MATCH_START_MARGIN;
    const matchEnd = sourceEnd - LITERAL_TAIL;
    let at = source + 1;
    while (at <= lastStart) {
      const found = findMatch(at, lastStart, source, shift);
      if (found == 0) break;
      at = <usize>(found >>> 32);
      let match = <usize>(<u32>found);
      while (at > literals && match > source && load<u8>(at - 1) == load<u8>(match - 1)) {
        at--;
        match--;
      }
      let token = write;
      write = putLiterals(write, literals, at - literals, sourceEnd);

      // Write the match, and those that follow it without literals between.
      for (;;) {
        store<u16>(write, <u16>(at - match));
        write += 2;
        const longer = commonBytes(match + MATCH_MIN, at + MATCH_MIN, matchEnd);
        at += longer + MATCH_MIN;
        if (longer >= 15) {
          store<u8>(token, load<u8>(token) | 15);
          write = putLengthTail(write, longer - 15);
        } else {
          store<u8>(token, load<u8>(token) | <u8>longer);
        }
        literals = at;
        if (at > lastStart) break;
        store<u16>(slotOf(at - 2, shift), <u16>(at - 2 - source));
        match = exchange(slotOf(at, shift), at, source);
        if (load<u32>(match) != load<u32>(at)) break;
        token = write++;
        store<u8>(token, 0);
      }
      at++;
    }
  }
  write = putLiterals(write, literals, sourceEnd - literals, sourceEnd);
  return <i32>(write - target);
}
