import { byteAt, putUint32LittleEndian, uint32LittleEndianAt } from './bytes.ts';
import { CoreError } from './core.ts';
import type { Output } from './output.ts';

/** The part of LZ4 that differs between implementations: single blocks, and the checksum. */
export interface Lz4Blocks {
  /**
   * Compresses `input[start, end)`, at most 64 KB, to `output` (which has room for `lz4BlockBound` bytes).
   * @param attempts how many places seen before are compared at each; 0: the latest alone, and quickly
   * @returns the bytes written; `output.position` is not moved
   */
  compressBlock(input: Uint8Array, start: number, end: number, output: Output, attempts: number): number;
  /**
   * Decompresses the block `input[start, end)` to `output`, which has room for `capacity` bytes.
   * @param historyBytes how many bytes in front of `output.position` a match may reach back to
   * @returns the bytes written, or a negative `Lz4BlockStatus`; `output.position` is not moved
   */
  decompressBlock(
    input: Uint8Array,
    start: number,
    end: number,
    output: Output,
    capacity: number,
    historyBytes: number,
  ): number;
  xxHash32(bytes: Uint8Array): number;
}

/** How decompressing a block may fail. */
export const Lz4BlockStatus = { CORRUPT: -1, OUTPUT_FULL: -2 } as const;

const FRAME_MAGIC = 0x184d2204;
const SKIPPABLE_MAGIC = 0x184d2a50;
const SKIPPABLE_MASK = 0xfffffff0;
const STORED_BIT = 0x80000000;
const HISTORY_BYTES = 65536;

/** What the Java client writes: version 1, independent blocks, no checksums, no content size. */
const WRITTEN_FLAGS = 0x60;
/** Blocks of 64 KB. */
const WRITTEN_BLOCK_DESCRIPTOR = 0x40;
const WRITTEN_BLOCK_BYTES = 65536;
/** Second byte of xxHash32 over the two bytes above. */
const WRITTEN_HEADER_CHECKSUM = 0x82;
const HEADER_BYTES = 7;

/** The most bytes that a block of `inputBytes` can compress to. */
export function lz4BlockBound(inputBytes: number): number {
  return inputBytes + Math.floor(inputBytes / 255) + 16;
}

/** Kafka's default, by which it compresses fast; every other level compresses harder, as in Kafka. */
const LZ4_FAST_LEVEL = 9;
/** Whoever sets a high level must not hold up everybody else: harder than this it does not get. */
const ATTEMPTS_LOG_MAX = 9;

/** How many places are compared at a level of `compression.lz4.level`, 1 to 17; 0 for the default, 9, and where there is none. */
export function lz4Attempts(level: number | undefined): number {
  return level === undefined || level === LZ4_FAST_LEVEL ? 0 : 2 ** Math.min(Math.max(level - 1, 0), ATTEMPTS_LOG_MAX);
}

/** Writes one frame as Kafka's Java client does. `attempts`: see `Lz4Blocks`. */
export function writeLz4Frame(input: Uint8Array, blocks: Lz4Blocks, output: Output, attempts: number): void {
  output.reserve(HEADER_BYTES, 0);
  putUint32LittleEndian(output.bytes, output.position, FRAME_MAGIC);
  output.bytes[output.position + 4] = WRITTEN_FLAGS;
  output.bytes[output.position + 5] = WRITTEN_BLOCK_DESCRIPTOR;
  output.bytes[output.position + 6] = WRITTEN_HEADER_CHECKSUM;
  output.position += HEADER_BYTES;
  for (let start = 0; start < input.length; start += WRITTEN_BLOCK_BYTES) {
    writeBlock(input, start, Math.min(start + WRITTEN_BLOCK_BYTES, input.length), { blocks, output, attempts });
  }
  output.reserve(4, 0);
  putUint32LittleEndian(output.bytes, output.position, 0);
  output.position += 4;
}

interface BlockWriting {
  readonly blocks: Lz4Blocks;
  readonly output: Output;
  readonly attempts: number;
}

function writeBlock(input: Uint8Array, start: number, end: number, { blocks, output, attempts }: BlockWriting): void {
  const inputBytes = end - start;
  output.reserve(4 + lz4BlockBound(inputBytes), 0);
  const sizeAt = output.position;
  output.position = sizeAt + 4;
  const compressedBytes = blocks.compressBlock(input, start, end, output, attempts);
  if (compressedBytes < inputBytes) {
    putUint32LittleEndian(output.bytes, sizeAt, compressedBytes);
    output.position += compressedBytes;
  } else {
    putUint32LittleEndian(output.bytes, sizeAt, STORED_BIT | inputBytes);
    output.bytes.set(input.subarray(start, end), output.position);
    output.position += inputBytes;
  }
}

interface FrameHeader {
  readonly blocksIndependent: boolean;
  readonly hasBlockChecksums: boolean;
  readonly hasContentChecksum: boolean;
  readonly contentBytes: number | undefined;
  readonly blockMaxBytes: number;
  readonly headerBytes: number;
}

interface ContentChecksum {
  readonly start: number;
  readonly end: number;
  readonly expected: number;
}

/** Decompresses all frames of `input` and verifies every checksum and size in them. */
export function readLz4Frames(input: Uint8Array, maxBytes: number, blocks: Lz4Blocks, output: Output): Uint8Array {
  const checksums: ContentChecksum[] = [];
  let at = 0;
  let frames = 0;
  while (at < input.length) {
    requireBytes(input, at, 8);
    const magic = uint32LittleEndianAt(input, at);
    if ((magic & SKIPPABLE_MASK) >>> 0 === SKIPPABLE_MAGIC) {
      const skippedBytes = uint32LittleEndianAt(input, at + 4);
      requireBytes(input, at + 8, skippedBytes);
      at += 8 + skippedBytes;
      continue;
    }
    at = readFrame(input, at, maxBytes, blocks, output, checksums);
    frames += 1;
  }
  if (frames === 0) throw corrupt('no LZ4 frame');
  const decompressed = output.finish();
  for (const { start, end, expected } of checksums) {
    if (blocks.xxHash32(decompressed.subarray(start, end)) !== expected) throw corrupt('LZ4 content checksum differs');
  }
  return decompressed;
}

/** @returns the index after the frame */
function readFrame(
  input: Uint8Array,
  frameAt: number,
  maxBytes: number,
  blocks: Lz4Blocks,
  output: Output,
  checksums: ContentChecksum[],
): number {
  const header = readHeader(input, frameAt, blocks);
  const contentStart = output.sizeBytes;
  if (header.contentBytes !== undefined && contentStart + header.contentBytes > maxBytes) throw tooLarge(maxBytes);
  let at = frameAt + header.headerBytes;
  for (;;) {
    requireBytes(input, at, 4);
    const sizeWord = uint32LittleEndianAt(input, at);
    at += 4;
    if (sizeWord === 0) break;
    const blockBytes = (sizeWord & ~STORED_BIT) >>> 0;
    if (blockBytes > header.blockMaxBytes) throw corrupt('LZ4 block larger than its frame allows');
    requireBytes(input, at, blockBytes + (header.hasBlockChecksums ? 4 : 0));
    const end = at + blockBytes;
    if (header.hasBlockChecksums && blocks.xxHash32(input.subarray(at, end)) !== uint32LittleEndianAt(input, end)) {
      throw corrupt('LZ4 block checksum differs');
    }
    const stored = (sizeWord & STORED_BIT) !== 0;
    if (stored) copyStored(input, at, end, maxBytes, output);
    else readBlock(input, at, end, header, contentStart, maxBytes, blocks, output);
    at = end + (header.hasBlockChecksums ? 4 : 0);
  }
  const contentBytes = output.sizeBytes - contentStart;
  if (header.contentBytes !== undefined && header.contentBytes !== contentBytes)
    throw corrupt('LZ4 content size differs');
  if (header.hasContentChecksum) {
    requireBytes(input, at, 4);
    checksums.push({ start: contentStart, end: output.sizeBytes, expected: uint32LittleEndianAt(input, at) });
    at += 4;
  }
  return at;
}

function readHeader(input: Uint8Array, at: number, blocks: Lz4Blocks): FrameHeader {
  requireBytes(input, at, HEADER_BYTES);
  if (uint32LittleEndianAt(input, at) !== FRAME_MAGIC) throw corrupt('no LZ4 frame magic');
  const flags = byteAt(input, at + 4);
  const descriptor = byteAt(input, at + 5);
  if (flags >>> 6 !== 1) throw new CoreError('UNSUPPORTED', `LZ4 frame version ${flags >>> 6}`);
  if ((flags & 0x01) !== 0) throw new CoreError('UNSUPPORTED', 'LZ4 dictionary');
  const blockSizeId = (descriptor >>> 4) & 0x07;
  if ((flags & 0x02) !== 0 || (descriptor & 0x8f) !== 0 || blockSizeId < 4) throw corrupt('LZ4 frame header');
  const hasContentSize = (flags & 0x08) !== 0;
  const headerBytes = HEADER_BYTES + (hasContentSize ? 8 : 0);
  requireBytes(input, at, headerBytes);
  verifyHeaderChecksum(input, at, headerBytes, blocks);
  return {
    blocksIndependent: (flags & 0x20) !== 0,
    hasBlockChecksums: (flags & 0x10) !== 0,
    hasContentChecksum: (flags & 0x04) !== 0,
    contentBytes: hasContentSize
      ? uint32LittleEndianAt(input, at + 6) + uint32LittleEndianAt(input, at + 10) * 0x1_0000_0000
      : undefined,
    blockMaxBytes: 1 << (2 * blockSizeId + 8),
    headerBytes,
  };
}

/** Producers of magic 0 hashed the frame's magic too (KAFKA-3160), so that sum is as good as the right one. */
function verifyHeaderChecksum(input: Uint8Array, at: number, headerBytes: number, blocks: Lz4Blocks): void {
  const stated = byteAt(input, at + headerBytes - 1);
  if (isWrittenHeader(input, at)) return;
  const checksumFrom = (start: number) => (blocks.xxHash32(input.subarray(start, at + headerBytes - 1)) >>> 8) & 0xff;
  if (stated !== checksumFrom(at + 4) && stated !== checksumFrom(at)) throw corrupt('LZ4 header checksum differs');
}

/** Whether these are the flags, descriptor and checksum that nearly all producers write, which need not be computed. */
function isWrittenHeader(input: Uint8Array, at: number): boolean {
  return (
    input[at + 4] === WRITTEN_FLAGS &&
    input[at + 5] === WRITTEN_BLOCK_DESCRIPTOR &&
    input[at + 6] === WRITTEN_HEADER_CHECKSUM
  );
}

function readBlock(
  input: Uint8Array,
  start: number,
  end: number,
  header: FrameHeader,
  contentStart: number,
  maxBytes: number,
  blocks: Lz4Blocks,
  output: Output,
): void {
  const roomBytes = maxBytes - output.sizeBytes;
  const capacity = Math.min(header.blockMaxBytes, roomBytes);
  const historyBytes = header.blocksIndependent ? 0 : Math.min(HISTORY_BYTES, output.sizeBytes - contentStart);
  output.reserve(capacity, historyBytes);
  const written = blocks.decompressBlock(input, start, end, output, capacity, historyBytes);
  if (written === Lz4BlockStatus.OUTPUT_FULL && roomBytes < header.blockMaxBytes) throw tooLarge(maxBytes);
  if (written < 0) throw corrupt('LZ4 block');
  output.position += written;
}

function copyStored(input: Uint8Array, start: number, end: number, maxBytes: number, output: Output): void {
  if (output.sizeBytes + end - start > maxBytes) throw tooLarge(maxBytes);
  output.reserve(end - start, HISTORY_BYTES);
  output.bytes.set(input.subarray(start, end), output.position);
  output.position += end - start;
}

function requireBytes(input: Uint8Array, at: number, bytes: number): void {
  if (input.length - at < bytes) throw corrupt('LZ4 frame ends early');
}

function corrupt(message: string): CoreError {
  return new CoreError('CORRUPT', message);
}

function tooLarge(maxBytes: number): CoreError {
  return new CoreError('TOO_LARGE', `decompresses to more than ${maxBytes} bytes`);
}
