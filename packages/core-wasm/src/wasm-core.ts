import type { Core, RecordsScan, RecordsScanStatus } from './core.ts';
import { type Lz4Blocks, lz4Attempts, readLz4Frames, writeLz4Frame } from './lz4-frame.ts';
import { GrowingOutput, type Output } from './output.ts';
import {
  OFFSET_ENTRY_BYTES,
  requireEntries,
  searchOffsetIndex,
  searchTimeIndex,
  TIME_ENTRY_BYTES,
} from './reference/index-search.ts';
import { scanRecords } from './reference/records-scan.ts';
import { referenceSnappyBlocks } from './reference/snappy-block.ts';
import { readSnappy, type SnappyBlocks, snappyBlocksOf, writeXerialSnappy } from './snappy-frame.ts';
import { instantiateWasm, type WasmExports } from './wasm-module.ts';
import { WindowOutput } from './window-output.ts';

/** Inputs of checksums that lie outside the memory are staged in pieces of this size, which stay in the second level cache. */
const PIECE_BYTES = 131072;

const INT32_MAX = 0x7fffffff;

/**
 * A core that computes in WebAssembly.
 * @param memoryBytes size of the owner's heap
 * @throws Error where WebAssembly with SIMD is missing
 */
export function createWasmCore(memoryBytes: number): Core {
  const { exports, memory } = instantiateWasm(memoryBytes);
  const stage = new Stage(memory, exports.stageStart.value, exports.stageBytes.value);
  const windowBytes = exports.windowBytes.value;
  const output = new WindowOutput(memory, exports.windowStart.value, windowBytes);
  const xxHash32 = (bytes: Uint8Array, seed = 0) => hashInPieces(exports, stage, bytes, seed);
  const lz4Blocks = createLz4Blocks(exports, stage, xxHash32);
  const snappyBlocks = createSnappyBlocks(exports, stage, windowBytes);
  const scanResult = new DataView(memory.buffer, exports.scanResult.value, 40);
  return {
    kind: 'wasm',
    memory,
    heapStart: exports.heapStart.value,
    crc32c: (bytes, seed = 0) => crcInPieces(exports, stage, bytes, seed),
    xxHash32,
    lz4Compress(input, level) {
      writeLz4Frame(output.outside(input), lz4Blocks, output.begin(), lz4Attempts(level));
      return output.finish();
    },
    lz4Decompress: (input, maxBytes, isLent) =>
      readLz4Frames(output.outside(input), maxBytes, lz4Blocks, output.begin(isLent)),
    snappyCompress(input) {
      writeXerialSnappy(output.outside(input), snappyBlocks, output.begin());
      return output.finish();
    },
    snappyDecompress(given, maxBytes, isLent) {
      const input = output.outside(given);
      const { blocks } = snappyBlocksOf(input, maxBytes);
      return readSnappy(input, blocks, snappyBlocks, output.begin(isLent));
    },
    scanRecords(records, recordsCount) {
      const countIsBad = recordsCount < 0 || recordsCount !== (recordsCount | 0);
      if (countIsBad || !stage.takes(records, records.length)) return scanRecords(records, recordsCount);
      exports.scanRecords(stage.addressOf(records, 0, records.length), records.length, recordsCount);
      return readScanResult(scanResult);
    },
    // A search reads a few entries of many: copying them all in would cost more than it saves.
    searchOffsetIndex(entries, entryCount, relativeOffset) {
      if (entries.buffer !== memory.buffer) return searchOffsetIndex(entries, entryCount, relativeOffset);
      requireEntries(entries, entryCount, OFFSET_ENTRY_BYTES);
      return exports.searchOffsetIndex(entries.byteOffset, entryCount, wholeWithin(relativeOffset, INT32_MAX));
    },
    searchTimeIndex(entries, entryCount, timestampMs) {
      if (entries.buffer !== memory.buffer) return searchTimeIndex(entries, entryCount, timestampMs);
      requireEntries(entries, entryCount, TIME_ENTRY_BYTES);
      return exports.searchTimeIndex(entries.byteOffset, entryCount, wholeWithin(timestampMs, Number.MAX_SAFE_INTEGER));
    },
  };
}

/** The whole number not above `value`, kept within +-`limit`: the target of a search that knows whole numbers only. */
function wholeWithin(value: number, limit: number): number {
  return Math.max(-limit, Math.min(limit, Math.floor(value)));
}

/** Where inputs are copied to that do not lie in the memory already. */
class Stage {
  readonly #memory: Uint8Array;
  readonly #buffer: ArrayBufferLike;
  readonly #start: number;
  readonly #sizeBytes: number;

  constructor(memory: Uint8Array, start: number, sizeBytes: number) {
    this.#memory = memory;
    this.#buffer = memory.buffer;
    this.#start = start;
    this.#sizeBytes = sizeBytes;
  }

  holds(input: Uint8Array): boolean {
    return input.buffer === this.#buffer;
  }

  /** Whether so many bytes of the input can be given an address. */
  takes(input: Uint8Array, sizeBytes: number): boolean {
    return sizeBytes <= this.#sizeBytes || input.buffer === this.#buffer;
  }

  /** The address of `input[start, end)`: its own, or the stage's, after copying it there. */
  addressOf(input: Uint8Array, start: number, end: number): number {
    if (input.buffer === this.#buffer) return input.byteOffset + start;
    this.#memory.set(start === 0 && end === input.length ? input : input.subarray(start, end), this.#start);
    return this.#start;
  }
}

function crcInPieces(exports: WasmExports, stage: Stage, bytes: Uint8Array, seed: number): number {
  const pieceBytes = stage.holds(bytes) ? bytes.length : PIECE_BYTES;
  if (bytes.length <= pieceBytes)
    return exports.crc32c(seed, stage.addressOf(bytes, 0, bytes.length), bytes.length) >>> 0;
  let crc = seed;
  for (let start = 0; start < bytes.length; start += pieceBytes) {
    const end = Math.min(start + pieceBytes, bytes.length);
    crc = exports.crc32c(crc, stage.addressOf(bytes, start, end), end - start);
  }
  return crc >>> 0;
}

function hashInPieces(exports: WasmExports, stage: Stage, bytes: Uint8Array, seed: number): number {
  const pieceBytes = stage.holds(bytes) ? bytes.length : PIECE_BYTES;
  exports.xxHash32Begin(seed);
  let start = 0;
  for (; bytes.length - start > pieceBytes; start += pieceBytes) {
    exports.xxHash32Stripes(stage.addressOf(bytes, start, start + pieceBytes), pieceBytes);
  }
  const address = stage.addressOf(bytes, start, bytes.length);
  const lastBytes = bytes.length - start;
  const stripesBytes = lastBytes - (lastBytes % 16);
  exports.xxHash32Stripes(address, stripesBytes);
  return exports.xxHash32Finish(address + stripesBytes, lastBytes - stripesBytes, seed, bytes.length) >>> 0;
}

function createLz4Blocks(exports: WasmExports, stage: Stage, xxHash32: (bytes: Uint8Array) => number): Lz4Blocks {
  return {
    compressBlock(input, start, end, output, attempts) {
      const [source, size, target] = [stage.addressOf(input, start, end), end - start, output.position];
      if (attempts === 0) return exports.lz4CompressBlock(source, size, target);
      return exports.lz4CompressBlockHigh(source, size, target, attempts);
    },
    decompressBlock: (input, start, end, output, capacity, historyBytes) =>
      exports.lz4DecompressBlock(
        stage.addressOf(input, start, end),
        end - start,
        output.position,
        capacity,
        historyBytes,
      ),
    xxHash32,
  };
}

function createSnappyBlocks(exports: WasmExports, stage: Stage, windowBytes: number): SnappyBlocks {
  return {
    compressBlock: (input, start, end, output) =>
      exports.snappyCompressBlock(stage.addressOf(input, start, end), end - start, output.position),
    decompressBlock(input, start, end, output, sizeBytes) {
      if (sizeBytes > windowBytes || !stage.takes(input, end - start)) {
        return decompressOutside(input, start, end, output, sizeBytes);
      }
      output.reserve(sizeBytes, 0);
      if (!exports.snappyDecompressBlock(stage.addressOf(input, start, end), end - start, output.position, sizeBytes)) {
        return false;
      }
      output.position += sizeBytes;
      return true;
    },
  };
}

/** A raw block may be of any size and reach back over all of it, so one too large for the window is decompressed without it. */
function decompressOutside(input: Uint8Array, start: number, end: number, output: Output, sizeBytes: number): boolean {
  const outside = new GrowingOutput(sizeBytes);
  if (!referenceSnappyBlocks.decompressBlock(input, start, end, outside, sizeBytes)) return false;
  for (let at = 0; at < sizeBytes; at += PIECE_BYTES) {
    const piece = outside.bytes.subarray(at, Math.min(at + PIECE_BYTES, sizeBytes));
    output.reserve(piece.length, 0);
    output.bytes.set(piece, output.position);
    output.position += piece.length;
  }
  return true;
}

/** Keep in step with `storeResult` in assembly/records-scan.ts. */
function readScanResult(result: DataView): RecordsScan {
  const status = result.getInt32(0, true) as RecordsScanStatus;
  const recordsCount = result.getInt32(4, true);
  return {
    status,
    recordIndex: status === 0 ? -1 : recordsCount,
    recordsCount,
    maxTimestampDelta: result.getFloat64(24, true),
    minTimestampDelta: result.getFloat64(32, true),
    offsetOfMaxTimestamp: result.getInt32(8, true),
    nullKeys: result.getUint32(12, true),
    offsetDeltasSequential: result.getUint32(16, true) !== 0,
    consumedBytes: result.getUint32(20, true),
  };
}
