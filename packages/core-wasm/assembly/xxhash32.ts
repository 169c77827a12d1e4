import { XXHASH_LANES } from './layout';

const PRIME_1: u32 = 0x9e3779b1;
const PRIME_2: u32 = 0x85ebca77;
const PRIME_3: u32 = 0xc2b2ae3d;
const PRIME_4: u32 = 0x27d4eb2f;
const PRIME_5: u32 = 0x165667b1;

/** Begins a hash. */
export function xxHash32Begin(seed: u32): void {
  store<u32>(XXHASH_LANES, seed + PRIME_1 + PRIME_2);
  store<u32>(XXHASH_LANES, seed + PRIME_2, 4);
  store<u32>(XXHASH_LANES, seed, 8);
  store<u32>(XXHASH_LANES, seed - PRIME_1, 12);
}

/** Takes `size` bytes, a multiple of 16, in. */
export function xxHash32Stripes(at: usize, size: usize): void {
  let lane1 = load<u32>(XXHASH_LANES);
  let lane2 = load<u32>(XXHASH_LANES, 4);
  let lane3 = load<u32>(XXHASH_LANES, 8);
  let lane4 = load<u32>(XXHASH_LANES, 12);
  for (const end = at + size; at < end; at += 16) {
    lane1 = round(lane1, load<u32>(at));
    lane2 = round(lane2, load<u32>(at, 4));
    lane3 = round(lane3, load<u32>(at, 8));
    lane4 = round(lane4, load<u32>(at, 12));
  }
  store<u32>(XXHASH_LANES, lane1);
  store<u32>(XXHASH_LANES, lane2, 4);
  store<u32>(XXHASH_LANES, lane3, 8);
  store<u32>(XXHASH_LANES, lane4, 12);
}

/** Takes the last bytes in, fewer than 16, and gives the hash of all `totalBytes`. */
export function xxHash32Finish(at: usize, size: usize, seed: u32, totalBytes: u32): u32 {
  let hash = seed + PRIME_5;
  if (totalBytes >= 16) {
    hash =
      rotl<u32>(load<u32>(XXHASH_LANES), 1) +
      rotl<u32>(load<u32>(XXHASH_LANES, 4), 7) +
      rotl<u32>(load<u32>(XXHASH_LANES, 8), 12) +
      rotl<u32>(load<u32>(XXHASH_LANES, 12), 18);
  }
  hash += totalBytes;
  const end = at + size;
  for (; at + 4 <= end; at += 4) hash = rotl<u32>(hash + load<u32>(at) * PRIME_3, 17) * PRIME_4;
  for (; at < end; at++) hash = rotl<u32>(hash + <u32>load<u8>(at) * PRIME_5, 11) * PRIME_1;
  hash = (hash ^ (hash >>> 15)) * PRIME_2;
  hash = (hash ^ (hash >>> 13)) * PRIME_3;
  return hash ^ (hash >>> 16);
}

// @ts-ignore: decorator
@inline
function round(lane: u32, word: u32): u32 {
  return rotl<u32>(lane + word * PRIME_2, 13) * PRIME_1;
}
