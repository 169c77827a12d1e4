import { PATTERN_INDEXES } from './layout';

/** Builds, for each distance d in 1..15, the vector (0 % d, 1 % d, ..., 15 % d). */
export function buildPatternIndexes(): void {
  for (let distance: u32 = 1; distance < 16; distance++) {
    for (let index: u32 = 0; index < 16; index++) {
      store<u8>(PATTERN_INDEXES + ((<usize>distance) << 4) + index, <u8>(index % distance));
    }
  }
}

/**
 * Copies 16 bytes at a time, at least once, until `targetEnd` is reached: stores up to 15 bytes beyond it (16 when there is nothing
 * to copy) and loads as many beyond the source.
 */
// @ts-ignore: decorator
@inline
export function copyWide(target: usize, source: usize, targetEnd: usize): void {
  do {
    v128.store(target, v128.load(source));
    target += 16;
    source += 16;
  } while (target < targetEnd);
}

/** Copies from an input without reading at or beyond `sourceEnd`. May store up to 16 bytes beyond the target. */
// @ts-ignore: decorator
@inline
export function copyFromInput(target: usize, source: usize, size: usize, sourceEnd: usize): void {
  // 16 and not 15: nothing to copy is copied as 16 bytes too. No address is near enough to 2^32 for the sum to overflow.
  if (size <= 256 && source + size + 16 <= sourceEnd) copyWide(target, source, target + size);
  else memory.copy(target, source, size);
}

/**
 * Copies a match: `size` bytes from `distance` bytes back, where the two may overlap and then repeat the pattern between them.
 * May store up to 15 bytes beyond the target.
 */
// @ts-ignore: decorator
@inline
export function copyMatch(target: usize, distance: usize, size: usize): void {
  const targetEnd = target + size;
  if (distance >= 16) {
    copyWide(target, target - distance, targetEnd);
  } else {
    // The first 16 bytes of the repeated pattern; a step by a whole number of patterns finds the same vector again.
    const pattern = i8x16.swizzle(v128.load(target - distance), v128.load(PATTERN_INDEXES + (distance << 4)));
    const step = 16 - <usize>(<u32>16 % <u32>distance);
    do {
      v128.store(target, pattern);
      target += step;
    } while (target < targetEnd);
  }
}

/** How many bytes at `left` and `right` agree, `right` staying below `rightEnd`. */
// @ts-ignore: decorator
@inline
export function commonBytes(left: usize, right: usize, rightEnd: usize): usize {
  const rightStart = right;
  while (right + 8 <= rightEnd) {
    const difference = load<u64>(left) ^ load<u64>(right);
    if (difference != 0) return right - rightStart + <usize>(ctz(difference) >>> 3);
    left += 8;
    right += 8;
  }
  while (right < rightEnd && load<u8>(left) == load<u8>(right)) {
    left++;
    right++;
  }
  return right - rightStart;
}
