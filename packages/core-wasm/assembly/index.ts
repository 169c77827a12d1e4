import { buildCrcTables } from './crc32c-tables';
import { buildPatternIndexes } from './copy';
import * as layout from './layout';

export { crc32c } from './crc32c';
export { xxHash32Begin, xxHash32Stripes, xxHash32Finish } from './xxhash32';
export { lz4CompressBlock } from './lz4-compress';
export { lz4CompressBlockHigh } from './lz4-compress-high';
export { lz4DecompressBlock } from './lz4-decompress';
export { snappyCompressBlock } from './snappy-compress';
export { snappyDecompressBlock } from './snappy-decompress';
export { scanRecords } from './records-scan';
export { searchOffsetIndex, searchTimeIndex } from './index-search';

// The host takes the layout from here, so that it is written down once.
export const heapStart: i32 = <i32>layout.HEAP_START;
export const stageStart: i32 = <i32>layout.STAGE;
export const stageBytes: i32 = <i32>layout.STAGE_BYTES;
export const windowStart: i32 = <i32>layout.WINDOW;
export const windowBytes: i32 = <i32>layout.WINDOW_BYTES;
export const scanResult: i32 = <i32>layout.SCAN_RESULT;

/** Builds the tables. To be called once, before anything else. */
export function initialize(): void {
  buildCrcTables();
  buildPatternIndexes();
}
