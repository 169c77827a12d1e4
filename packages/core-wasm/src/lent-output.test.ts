import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { content } from '../tests/arbitraries.ts';
import { bothCores, wasm } from '../tests/cores.ts';
import { expectSameBytes } from '../tests/outcome.ts';

/** More than the core's scratch holds. */
const LARGE_BYTES = 12_000_000;

describe.each(bothCores)('output that is lent (%s)', (_name, core) => {
  const codecs = [
    { compress: core.lz4Compress, decompress: core.lz4Decompress },
    { compress: core.snappyCompress, decompress: core.snappyDecompress },
  ];

  it('is the same as a fresh one, and may be compressed or decompressed itself', () => {
    fc.assert(
      fc.property(content(200_000), (bytes) => {
        for (const { compress, decompress } of codecs) {
          const lent = decompress(compress(bytes), bytes.length, true);
          expectSameBytes(lent.slice(), bytes);
          for (const next of codecs) {
            const again = next.compress(decompress(compress(bytes), bytes.length, true));
            expectSameBytes(next.decompress(again, bytes.length), bytes);
            const twice = next.compress(again);
            const once = next.decompress(twice, again.length, true);
            expectSameBytes(next.decompress(once, bytes.length, true).slice(), bytes);
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  it('is whole where the scratch does not hold it', () => {
    const bytes = Uint8Array.from({ length: LARGE_BYTES }, (_, at) => (at >>> 9) ^ at);
    for (const { compress, decompress } of codecs)
      expectSameBytes(decompress(compress(bytes), LARGE_BYTES, true), bytes);
  });
});

it('lies in the core’s memory only where the caller lets it', () => {
  const bytes = new Uint8Array(100_000).fill(7);
  const frame = wasm.lz4Compress(bytes);
  expect(wasm.lz4Decompress(frame, bytes.length, true).buffer).toBe(wasm.memory.buffer);
  expect(wasm.lz4Decompress(frame, bytes.length).buffer).not.toBe(wasm.memory.buffer);
});
