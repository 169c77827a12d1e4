import { commonBytes } from './copy';
import { CHAIN_TABLE, HASH_TABLE } from './layout';
import { LITERAL_TAIL, MATCH_MIN, MATCH_START_MARGIN, putLengthTail, putLiterals } from './lz4-sequence';

const HASH_BITS: u32 = 14;

// @ts-ignore: decorator
@inline
function slotOf(at: usize): usize {
  return HASH_TABLE + (<usize>((load<u32>(at) * <u32>2654435761) >>> (32 - HASH_BITS)) << 1);
}

/** Puts the positions `[from, to)` before those with the same hash. Positions of a block fit in 16 bits. */
// @ts-ignore: decorator
@inline
function remember(from: usize, to: usize, source: usize): void {
  for (let at = from; at < to; at++) {
    const slot = slotOf(at);
    store<u16>(CHAIN_TABLE + ((at - source) << 1), load<u16>(slot));
    store<u16>(slot, <u16>(at - source));
  }
}

/**
 * The longest match for `at` among the latest `attempts` places with its hash, longer than `longerThan`.
 * @returns its length (high half) and its place (low half), or 0
 */
function longestMatch(at: usize, source: usize, matchEnd: usize, longerThan: usize, attempts: i32): u64 {
  let best: u64 = 0;
  let length = longerThan;
  let match = source + <usize>load<u16>(slotOf(at));
  while (match < at) {
    // What is no longer than the best differs at its end, most often.
    if (load<u8>(match + length) == load<u8>(at + length) && load<u32>(match) == load<u32>(at)) {
      const found = MATCH_MIN + commonBytes(match + MATCH_MIN, at + MATCH_MIN, matchEnd);
      if (found > length) {
        length = found;
        best = (<u64>found << 32) | <u64>match;
        if (at + length >= matchEnd) break;
      }
    }
    if (--attempts <= 0) break;
    const before = source + <usize>load<u16>(CHAIN_TABLE + ((match - source) << 1));
    // The oldest of a chain names the block's first place, which names none.
    if (before >= match) break;
    match = before;
  }
  return best;
}

/**
 * Compresses the block `[source, source + size)`, at most 64 KB, harder: of `attempts` places seen before the longest match is taken, unless
 * the next byte begins a longer one. Room, reads and writes are as for `lz4CompressBlock`.
 * @returns the bytes written
 */
export function lz4CompressBlockHigh(source: usize, size: usize, target: usize, attempts: i32): i32 {
  const sourceEnd = source + size;
  let literals = source;
  let write = target;
  if (size > MATCH_START_MARGIN) {
    memory.fill(HASH_TABLE, 0, <usize>2 << HASH_BITS);
    store<u16>(CHAIN_TABLE, 0);
    const lastStart = sourceEnd - MATCH_START_MARGIN;
    const matchEnd = sourceEnd - LITERAL_TAIL;
    let at = source + 1;
    let known = source + 1;
    while (at <= lastStart) {
      remember(known, at, source);
      known = at;
      let found = longestMatch(at, source, matchEnd, MATCH_MIN - 1, attempts);
      if (found == 0) {
        at++;
        continue;
      }
      while (at < lastStart) {
        remember(known, at + 1, source);
        known = at + 1;
        const later = longestMatch(at + 1, source, matchEnd, <usize>(found >>> 32), attempts);
        if (later == 0) break;
        found = later;
        at++;
      }
      const length = <usize>(found >>> 32);
      const token = write;
      write = putLiterals(write, literals, at - literals, sourceEnd);
      store<u16>(write, <u16>(at - <usize>(<u32>found)));
      write += 2;
      const more = length - MATCH_MIN;
      store<u8>(token, load<u8>(token) | <u8>min<usize>(more, 15));
      if (more >= 15) write = putLengthTail(write, more - 15);
      at += length;
      literals = at;
      remember(known, min<usize>(at, lastStart + 1), source);
      known = max<usize>(known, min<usize>(at, lastStart + 1));
    }
  }
  write = putLiterals(write, literals, sourceEnd - literals, sourceEnd);
  return <i32>(write - target);
}
