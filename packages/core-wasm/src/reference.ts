import type { Core } from './core.ts';
import { lz4Attempts, readLz4Frames, writeLz4Frame } from './lz4-frame.ts';
import { GrowingOutput } from './output.ts';
import { crc32c } from './reference/crc32c.ts';
import { searchOffsetIndex, searchTimeIndex } from './reference/index-search.ts';
import { referenceLz4Blocks } from './reference/lz4-block.ts';
import { scanRecords } from './reference/records-scan.ts';
import { referenceSnappyBlocks } from './reference/snappy-block.ts';
import { xxHash32 } from './reference/xxhash32.ts';
import { readSnappy, snappyBlocksOf, writeXerialSnappy } from './snappy-frame.ts';

/** Where the heap of a reference core begins; its scratch is not used, but address 0 should stay nobody's. */
const HEAP_START = 4096;

/** First size of a decompressed output, as a multiple of the input. */
const EXPECTED_RATIO = 4;

/**
 * A core in plain TypeScript: what WebAssembly is compared with, and what runs where there is none.
 * @param memoryBytes size of the owner's heap
 */
export function createReferenceCore(memoryBytes: number): Core {
  return {
    kind: 'reference',
    memory: new Uint8Array(HEAP_START + memoryBytes),
    heapStart: HEAP_START,
    crc32c,
    xxHash32,
    lz4Compress(input, level) {
      const output = new GrowingOutput(input.length);
      writeLz4Frame(input, referenceLz4Blocks, output, lz4Attempts(level));
      return output.finish();
    },
    lz4Decompress(input, maxBytes) {
      const output = new GrowingOutput(Math.min(maxBytes, input.length * EXPECTED_RATIO));
      return readLz4Frames(input, maxBytes, referenceLz4Blocks, output);
    },
    snappyCompress(input) {
      const output = new GrowingOutput(input.length);
      writeXerialSnappy(input, referenceSnappyBlocks, output);
      return output.finish();
    },
    snappyDecompress(input, maxBytes) {
      const { blocks, sizeBytes } = snappyBlocksOf(input, maxBytes);
      return readSnappy(input, blocks, referenceSnappyBlocks, new GrowingOutput(sizeBytes));
    },
    scanRecords,
    searchOffsetIndex,
    searchTimeIndex,
  };
}
