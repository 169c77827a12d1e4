import { byteAt, putUint32BigEndian, uint32BigEndianAt } from './bytes.ts';
import { CoreError } from './core.ts';
import type { Output } from './output.ts';

/** The part of Snappy that differs between implementations: single blocks. */
export interface SnappyBlocks {
  /**
   * Compresses `input[start, end)`, at most 32 KB, to `output` (which has room for `snappyBlockBound` bytes).
   * @returns the bytes written; `output.position` is not moved
   */
  compressBlock(input: Uint8Array, start: number, end: number, output: Output): number;
  /**
   * Decompresses the elements `input[start, end)` (what follows a block's preamble) to `output`, exactly `sizeBytes` of them, and
   * moves `output.position`.
   * @returns whether the block was good
   */
  decompressBlock(input: Uint8Array, start: number, end: number, output: Output, sizeBytes: number): boolean;
}

/** "\x82SNAPPY\0" */
const XERIAL_MAGIC = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00] as const;
const XERIAL_HEADER_BYTES = 16;
const XERIAL_VERSION = 1;
const CHUNK_BYTES = 32768;

/** No element yields more than 64 bytes from 3, so a block that claims more than this factor lies. */
const EXPANSION_MAX = 22;

/** The most bytes that a block of `inputBytes` can compress to. */
export function snappyBlockBound(inputBytes: number): number {
  return 32 + inputBytes + Math.floor(inputBytes / 6);
}

/** Writes xerial framing: header, then for each chunk its compressed length and one block. */
export function writeXerialSnappy(input: Uint8Array, blocks: SnappyBlocks, output: Output): void {
  output.reserve(XERIAL_HEADER_BYTES, 0);
  output.bytes.set(XERIAL_MAGIC, output.position);
  putUint32BigEndian(output.bytes, output.position + 8, XERIAL_VERSION);
  putUint32BigEndian(output.bytes, output.position + 12, XERIAL_VERSION);
  output.position += XERIAL_HEADER_BYTES;
  for (let start = 0; start < input.length; start += CHUNK_BYTES) {
    const end = Math.min(start + CHUNK_BYTES, input.length);
    output.reserve(4 + snappyBlockBound(end - start), 0);
    const sizeAt = output.position;
    output.position = sizeAt + 4;
    const compressedBytes = blocks.compressBlock(input, start, end, output);
    putUint32BigEndian(output.bytes, sizeAt, compressedBytes);
    output.position += compressedBytes;
  }
}

/** One block found in the input: where its elements are and how many bytes it claims to decompress to. */
interface Block {
  readonly start: number;
  readonly end: number;
  readonly sizeBytes: number;
}

/** Finds the blocks of `input`, in xerial framing or raw, and checks that what they claim is possible and allowed. */
export function snappyBlocksOf(
  input: Uint8Array,
  maxBytes: number,
): { readonly blocks: readonly Block[]; readonly sizeBytes: number } {
  const blocks = isXerial(input) ? xerialBlocks(input) : [blockAt(input, 0, input.length)];
  let sizeBytes = 0;
  for (const block of blocks) sizeBytes += block.sizeBytes;
  if (sizeBytes > maxBytes) throw new CoreError('TOO_LARGE', `decompresses to more than ${maxBytes} bytes`);
  for (const block of blocks) {
    if (block.sizeBytes > (block.end - block.start) * EXPANSION_MAX) throw corrupt('Snappy block claims too much');
  }
  return { blocks, sizeBytes };
}

/** Decompresses the blocks that `snappyBlocksOf` found. */
export function readSnappy(
  input: Uint8Array,
  found: readonly Block[],
  blocks: SnappyBlocks,
  output: Output,
): Uint8Array {
  for (const { start, end, sizeBytes } of found) {
    if (!blocks.decompressBlock(input, start, end, output, sizeBytes)) throw corrupt('Snappy block');
  }
  return output.finish();
}

function isXerial(input: Uint8Array): boolean {
  return input.length >= XERIAL_MAGIC.length && XERIAL_MAGIC.every((byte, index) => input[index] === byte);
}

function xerialBlocks(input: Uint8Array): Block[] {
  if (input.length < XERIAL_HEADER_BYTES) throw corrupt('Snappy header ends early');
  const compatibleVersion = uint32BigEndianAt(input, 12);
  if (compatibleVersion > XERIAL_VERSION)
    throw new CoreError('UNSUPPORTED', `xerial Snappy version ${compatibleVersion}`);
  const blocks: Block[] = [];
  let at = XERIAL_HEADER_BYTES;
  while (at < input.length) {
    if (input.length - at < 4) throw corrupt('Snappy chunk ends early');
    const chunkBytes = uint32BigEndianAt(input, at);
    at += 4;
    if (input.length - at < chunkBytes) throw corrupt('Snappy chunk ends early');
    blocks.push(blockAt(input, at, at + chunkBytes));
    at += chunkBytes;
  }
  return blocks;
}

/** Reads a block's preamble: its decompressed size as an unsigned varint of at most 32 bits. */
function blockAt(input: Uint8Array, start: number, end: number): Block {
  let sizeBytes = 0;
  for (let index = 0; index < 5; index++) {
    if (start + index >= end) break;
    const byte = byteAt(input, start + index);
    if (index === 4 && byte > 0x0f) break;
    sizeBytes += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { start: start + index + 1, end, sizeBytes };
  }
  throw corrupt('Snappy preamble');
}

function corrupt(message: string): CoreError {
  return new CoreError('CORRUPT', message);
}
