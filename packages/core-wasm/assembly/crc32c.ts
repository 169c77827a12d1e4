// CRC-32C without tables and without an instruction for it, by folding.
//
// The CRC is the remainder of the message, seen as a polynomial over GF(2), modulo P. P divides
//
//     x^209 + x^144 + x^54 + x^39 + x^14 + 1
//
// so whatever stands in the message may be cancelled and added again 65, 155, 170, 195 and 209 places further on without changing
// the remainder. Squaring a polynomial over GF(2) squares each of its terms, so the same holds with places of 8, 32 or 128 bits,
// that is units of 1, 4 or 16 bytes, which vectors handle whole. Passing once over the message,
//
//     word[i] = data[i] ^ word[i-65] ^ word[i-155] ^ word[i-170] ^ word[i-195] ^ word[i-209]
//
// everything is carried into the last 209 units. What is left is folded again in smaller units: 3344 bytes, then 836, then 209.

import { remainderBySlicing } from './crc32c-tables';
import { FOLD_HISTORY, FOLD_REST_1, FOLD_REST_16, FOLD_REST_4, FOLD_WORDS, FOLD_WORDS_BYTES } from './layout';

/** Places of the history, in units. */
const PLACES: usize = 209;

/** Below these sizes the smaller way is the faster. */
const FOLD_BY_1_FROM: usize = 288;
const FOLD_BY_4_FROM: usize = 2400;
const FOLD_BY_16_FROM: usize = 10000;

/** Words of 16 bytes are folded in runs that stay in the first level cache. */
const RUN_BYTES: usize = 16384;

/** CRC-32C of `size` bytes, going on from the CRC `seed`. Reads exactly these bytes. */
export function crc32c(seed: u32, at: usize, size: usize): u32 {
  let remainder = ~seed;
  if (size < FOLD_BY_1_FROM) return ~remainderBySlicing(remainder, at, size);
  if (size >= FOLD_BY_16_FROM) {
    size = foldBy16(remainder, at, size);
    at = FOLD_REST_16;
    remainder = 0;
  }
  if (size >= FOLD_BY_4_FROM) {
    size = fold(4, remainder, at, size, FOLD_REST_4);
    at = FOLD_REST_4;
    remainder = 0;
  }
  size = fold(1, remainder, at, size, FOLD_REST_1);
  return ~remainderBySlicing(0, FOLD_REST_1, size);
}

/** What the five words of the history add to the word at `word`. */
// @ts-ignore: decorator
@inline
function carried(word: usize, unit: usize): v128 {
  const oldest = word - PLACES * unit;
  return v128.xor(
    v128.xor(v128.load(oldest), v128.load(oldest + (PLACES - 65) * unit)),
    v128.xor(
      v128.load(oldest + (PLACES - 155) * unit),
      v128.xor(v128.load(oldest + (PLACES - 170) * unit), v128.load(oldest + (PLACES - 195) * unit)),
    ),
  );
}

/** Folds all but the last 209 units (and up to 31 bytes), which go to `rest`. Returns the size of the rest. */
// @ts-ignore: decorator
@inline
function fold(unit: usize, remainder: u32, at: usize, size: usize, rest: usize): usize {
  const historyBytes = (PLACES * unit + 15) & ~15;
  memory.fill(FOLD_WORDS - historyBytes, 0, historyBytes);
  const foldedBytes = (size - PLACES * unit) & ~31;
  let word = FOLD_WORDS;
  const end = word + foldedBytes;
  let first = i32x4(remainder, 0, 0, 0);
  while (word < end) {
    v128.store(word, v128.xor(v128.xor(v128.load(at), first), carried(word, unit)));
    v128.store(word + 16, v128.xor(v128.load(at, 16), carried(word + 16, unit)));
    first = i32x4(0, 0, 0, 0);
    word += 32;
    at += 32;
  }
  return takeRest(unit, at, size - foldedBytes, word, rest);
}

/** As `fold`, in runs, for messages of any size. */
function foldBy16(remainder: u32, at: usize, size: usize): usize {
  const historyBytes = PLACES * 16;
  memory.fill(FOLD_WORDS - historyBytes, 0, historyBytes);
  let first = i32x4(remainder, 0, 0, 0);
  let word = FOLD_WORDS;
  while (size >= historyBytes + 64) {
    const runBytes = min((size - historyBytes) & ~63, RUN_BYTES);
    word = FOLD_WORDS;
    const end = word + runBytes;
    while (word < end) {
      v128.store(word, v128.xor(v128.xor(v128.load(at), first), carried(word, 16)));
      v128.store(word + 16, v128.xor(v128.load(at, 16), carried(word + 16, 16)));
      v128.store(word + 32, v128.xor(v128.load(at, 32), carried(word + 32, 16)));
      v128.store(word + 48, v128.xor(v128.load(at, 48), carried(word + 48, 16)));
      first = i32x4(0, 0, 0, 0);
      word += 64;
      at += 64;
    }
    size -= runBytes;
    if (size >= historyBytes + 64) memory.copy(FOLD_WORDS - historyBytes, word - historyBytes, historyBytes);
  }
  return takeRest(16, at, size, word, FOLD_REST_16);
}

/** Copies the last bytes and adds what the history before `word` carries into them: beyond it there are only zeros to carry. */
// @ts-ignore: decorator
@inline
function takeRest(unit: usize, at: usize, size: usize, word: usize, rest: usize): usize {
  const historyBytes = (PLACES * unit + 15) & ~15;
  memory.copy(rest, at, size);
  memory.fill(word, 0, historyBytes);
  for (let index: usize = 0; index < historyBytes; index += 16) {
    v128.store(rest + index, v128.xor(v128.load(rest + index), carried(word + index, unit)));
  }
  return size;
}
