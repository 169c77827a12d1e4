import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { content } from '../tests/arbitraries.ts';
import { bothCores } from '../tests/cores.ts';
import { expectSameBytes } from '../tests/outcome.ts';

// Other people's implementations, which the workspace has for its benchmarks. CommonJS, some without types.
const require = createRequire(import.meta.url);
const lz4Napi = require('lz4-napi') as {
  compressFrameSync(data: Buffer, options?: { contentChecksum?: boolean; blockChecksums?: boolean }): Buffer;
  decompressFrameSync(data: Buffer): Buffer;
};
const lz4js = require('lz4js') as { compress(data: Uint8Array): Uint8Array; decompress(data: Uint8Array): Uint8Array };
const snappy = require('snappy') as {
  compressSync(data: Uint8Array): Buffer;
  uncompressSync(data: Uint8Array): Buffer;
};
const snappyjs = require('snappyjs') as {
  compress(data: Uint8Array): Uint8Array;
  uncompress(data: Uint8Array): Uint8Array;
};
const nodeRsCrc32 = require('@node-rs/crc32') as { crc32c(data: Uint8Array, seed?: number): number };

/** The blocks of a xerial stream. */
function chunksOf(stream: Uint8Array): Uint8Array[] {
  const view = Buffer.from(stream);
  const chunks: Uint8Array[] = [];
  for (let at = 16; at < view.length; ) {
    const size = view.readInt32BE(at);
    chunks.push(Uint8Array.from(view.subarray(at + 4, at + 4 + size)));
    at += 4 + size;
  }
  return chunks;
}

describe.each(bothCores)('%s and other implementations understand each other', (_name, core) => {
  it('lz4-napi', () => {
    fc.assert(
      fc.property(content(200_000), fc.boolean(), fc.boolean(), (bytes, contentChecksum, blockChecksums) => {
        expectSameBytes(lz4Napi.decompressFrameSync(Buffer.from(core.lz4Compress(bytes))), bytes);
        expectSameBytes(lz4Napi.decompressFrameSync(Buffer.from(core.lz4Compress(bytes, 12))), bytes);
        const frame = lz4Napi.compressFrameSync(Buffer.from(bytes), { contentChecksum, blockChecksums });
        expectSameBytes(core.lz4Decompress(frame, bytes.length), bytes);
      }),
      { numRuns: 100 },
    );
  });

  it('lz4js', () => {
    fc.assert(
      fc.property(content(100_000), (bytes) => {
        // It sizes its output by a guess that fails for nothing at all.
        fc.pre(bytes.length > 0);
        expectSameBytes(lz4js.decompress(core.lz4Compress(bytes)), bytes);
        expectSameBytes(lz4js.decompress(core.lz4Compress(bytes, 12)), bytes);
        expectSameBytes(core.lz4Decompress(lz4js.compress(bytes), bytes.length), bytes);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ['snappy', snappy.compressSync, snappy.uncompressSync],
    ['snappyjs', snappyjs.compress, snappyjs.uncompress],
  ] as const)('%s', (_peer, compress, uncompress) => {
    fc.assert(
      fc.property(content(150_000), (bytes) => {
        expectSameBytes(Buffer.concat(chunksOf(core.snappyCompress(bytes)).map((chunk) => uncompress(chunk))), bytes);
        expectSameBytes(core.snappyDecompress(compress(bytes), bytes.length), bytes);
      }),
      { numRuns: 80 },
    );
  });

  it('@node-rs/crc32', () => {
    fc.assert(
      fc.property(content(100_000), fc.integer({ min: 0, max: 0xffffffff }), (bytes, seed) => {
        expect(core.crc32c(bytes, seed)).toBe(nodeRsCrc32.crc32c(bytes, seed));
      }),
      { numRuns: 100 },
    );
  });
});
