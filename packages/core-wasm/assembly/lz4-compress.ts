import { commonBytes, copyFromInput } from './copy';
import { HASH_TABLE } from './layout';

const HASH_BITS_MIN: u32 = 9;
const HASH_BITS_MAX: u32 = 13;
const MATCH_MIN: usize = 4;
/** The format's end rules: no match begins in the last 12 bytes, and the last 5 bytes are literals. */
const MATCH_START_MARGIN: usize = 12;
const LITERAL_TAIL: usize = 5;
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

// @ts-ignore: decorator
@inline
function putLengthTail(target: usize, length: usize): usize {
  while (length >= 255) {
    store<u8>(target++, 255);
    length -= 255;
  }
  store<u8>(target++, <u8>length);
  return target;
}

/** Writes the token and the literals of a sequence; the match's part of the token is added later. */
// @ts-ignore: decorator
@inline
function putLiterals(target: usize, literals: usize, size: usize, sourceEnd: usize): usize {
  let write = target + 1;
  if (size >= 15) {
    store<u8>(target, 0xf0);
    write = putLengthTail(write, size - 15);
    copyFromInput(write, literals, size, sourceEnd);
  } else {
    store<u8>(target, <u8>(size << 4));
    if (literals + 16 <= sourceEnd) v128.store(write, v128.load(literals));
    else memory.copy(write, literals, size);
  }
  return write + size;
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
