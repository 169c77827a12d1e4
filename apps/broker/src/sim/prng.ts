import type { Random } from '../ports/random.ts';

/** A `Random` that is the same for the same seed (mulberry32), with the few extras that faults need. */
export interface SeededRandom extends Random {
  /** True with the given probability. */
  chance(probability: number): boolean;
  /** A number in [0, 1). */
  fraction(): number;
  /** Another generator, independent of how much this one is used later. */
  fork(): SeededRandom;
}

export function createPrng(seed: number): SeededRandom {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const fraction = () => next() / 4_294_967_296;
  const bytes = (length: number) => Uint8Array.from({ length }, () => next() & 0xff);
  return {
    fraction,
    bytes,
    int: (bound) => Math.floor(fraction() * bound),
    chance: (probability) => fraction() < probability,
    uuid: () => `A${base64url(bytes(16)).slice(1)}`,
    fork: () => createPrng(next()),
  };
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Unpadded base64url of 16 bytes: 22 characters. */
function base64url(bytes: Uint8Array): string {
  let bits = 0;
  let bitCount = 0;
  let text = '';
  for (const byte of bytes) {
    bits = (bits << 8) | byte;
    bitCount += 8;
    for (; bitCount >= 6; bitCount -= 6) text += ALPHABET[(bits >>> (bitCount - 6)) & 63];
  }
  return bitCount > 0 ? text + ALPHABET[(bits << (6 - bitCount)) & 63] : text;
}
