import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noise } from '../tests/arbitraries.ts';
import { inHeap, reference, wasm } from '../tests/cores.ts';

const seed = fc.integer({ min: 0, max: 0xffffffff });
/** Sizes around the places where the way of computing changes. */
const size = fc.oneof(
  fc.nat(600),
  fc.constantFrom(287, 288, 2399, 2400, 9999, 10_000).chain((edge) => fc.integer({ min: edge - 40, max: edge + 40 })),
  fc.nat(60_000),
  fc.integer({ min: 131_000, max: 131_200 }),
);

describe.each(['crc32c', 'xxHash32'] as const)('%s', (name) => {
  it('equals the reference, staged and in place, at any alignment', () => {
    fc.assert(
      fc.property(size, seed, seed, fc.nat(40), (length, contentSeed, hashSeed, gap) => {
        const bytes = noise(length, contentSeed, 256);
        const expected = reference[name](bytes, hashSeed);
        expect(wasm[name](bytes, hashSeed)).toBe(expected);
        expect(wasm[name](inHeap(bytes, gap), hashSeed)).toBe(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('does not depend on what lies around the input', () => {
    fc.assert(
      fc.property(size, seed, (length, contentSeed) => {
        const bytes = noise(length, contentSeed, 256);
        wasm.memory.fill(0, wasm.heapStart, wasm.heapStart + length + 200);
        const among0 = wasm[name](inHeap(bytes, 100));
        wasm.memory.fill(0xff, wasm.heapStart, wasm.heapStart + length + 200);
        expect(wasm[name](inHeap(bytes, 100))).toBe(among0);
      }),
      { numRuns: 100 },
    );
  });
});

describe('crc32c', () => {
  it('goes on from a seed as if the bytes were one', () => {
    fc.assert(
      fc.property(size, size, seed, (first, second, contentSeed) => {
        const bytes = noise(first + second, contentSeed, 256);
        expect(wasm.crc32c(bytes.subarray(first), wasm.crc32c(bytes.subarray(0, first)))).toBe(reference.crc32c(bytes));
      }),
      { numRuns: 100 },
    );
  });

  it('notices any single flipped bit of a megabyte', () => {
    const bytes = noise(1 << 20, 7, 256);
    const whole = wasm.crc32c(bytes);
    fc.assert(
      fc.property(fc.nat((1 << 23) - 1), (bit) => {
        const mask = 1 << (bit & 7);
        bytes[bit >>> 3] = (bytes[bit >>> 3] as number) ^ mask;
        const flipped = wasm.crc32c(bytes);
        bytes[bit >>> 3] = (bytes[bit >>> 3] as number) ^ mask;
        expect(flipped).not.toBe(whole);
      }),
    );
    expect(whole).toBe(reference.crc32c(bytes));
  });
});
