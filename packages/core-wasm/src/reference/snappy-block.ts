import { byteAt, uint32LittleEndianAt } from '../bytes.ts';
import type { Output } from '../output.ts';
import type { SnappyBlocks } from '../snappy-frame.ts';

const HASH_BITS = 13;
const MATCH_MIN = 4;
const COPY_MAX = 64;

/** Snappy blocks in plain TypeScript. */
export const referenceSnappyBlocks: SnappyBlocks = { compressBlock, decompressBlock };

function compressBlock(input: Uint8Array, start: number, end: number, output: Output): number {
  const lastSeen = new Int32Array(1 << HASH_BITS).fill(-1);
  let write = writePreamble(output.bytes, output.position, end - start);
  let literalsAt = start;
  let at = start;
  while (at + MATCH_MIN <= end) {
    const slot = Math.imul(uint32LittleEndianAt(input, at), 0x9e3779b1) >>> (32 - HASH_BITS);
    const candidate = lastSeen[slot] as number;
    lastSeen[slot] = at;
    if (candidate < 0 || uint32LittleEndianAt(input, candidate) !== uint32LittleEndianAt(input, at)) {
      at += 1;
      continue;
    }
    let matchBytes = MATCH_MIN;
    while (at + matchBytes < end && input[candidate + matchBytes] === input[at + matchBytes]) matchBytes += 1;
    write = writeLiterals(input, literalsAt, at, output.bytes, write);
    write = writeCopies(output.bytes, write, at - candidate, matchBytes);
    at += matchBytes;
    literalsAt = at;
  }
  return writeLiterals(input, literalsAt, end, output.bytes, write) - output.position;
}

function writePreamble(bytes: Uint8Array, at: number, size: number): number {
  let write = at;
  let left = size;
  for (; left >= 0x80; left >>>= 7) bytes[write++] = left | 0x80;
  bytes[write++] = left;
  return write;
}

function writeLiterals(input: Uint8Array, start: number, end: number, bytes: Uint8Array, at: number): number {
  if (start === end) return at;
  const code = end - start - 1;
  let write = at;
  if (code < 60) {
    bytes[write++] = code << 2;
  } else if (code < 256) {
    bytes[write++] = 60 << 2;
    bytes[write++] = code;
  } else {
    bytes[write++] = 61 << 2;
    bytes[write++] = code;
    bytes[write++] = code >>> 8;
  }
  bytes.set(input.subarray(start, end), write);
  return write + end - start;
}

/** Copies with a 2-byte distance; blocks are at most 32 KB, so it always fits. */
function writeCopies(bytes: Uint8Array, at: number, distance: number, matchBytes: number): number {
  let write = at;
  for (let left = matchBytes; left > 0; ) {
    const copyBytes = Math.min(left, COPY_MAX);
    bytes[write++] = ((copyBytes - 1) << 2) | 2;
    bytes[write++] = distance;
    bytes[write++] = distance >>> 8;
    left -= copyBytes;
  }
  return write;
}

function decompressBlock(input: Uint8Array, start: number, end: number, output: Output, sizeBytes: number): boolean {
  output.reserve(sizeBytes, 0);
  const bytes = output.bytes;
  const blockStart = output.position;
  const writeEnd = blockStart + sizeBytes;
  let write = blockStart;
  let read = start;
  while (read < end) {
    const tag = byteAt(input, read++);
    if ((tag & 3) === 0) {
      let code = tag >>> 2;
      if (code >= 60) {
        const codeBytes = code - 59;
        if (end - read < codeBytes) return false;
        code = littleEndianAt(input, read, codeBytes);
        read += codeBytes;
      }
      if (code >= end - read || code >= writeEnd - write) return false;
      bytes.set(input.subarray(read, read + code + 1), write);
      read += code + 1;
      write += code + 1;
      continue;
    }
    const distanceBytes = (tag & 3) === 3 ? 4 : tag & 3;
    if (end - read < distanceBytes) return false;
    let distance = littleEndianAt(input, read, distanceBytes);
    read += distanceBytes;
    let copyBytes = (tag >>> 2) + 1;
    if ((tag & 3) === 1) {
      distance |= (tag >>> 5) << 8;
      copyBytes = ((tag >>> 2) & 7) + MATCH_MIN;
    }
    if (distance === 0 || distance > write - blockStart || copyBytes > writeEnd - write) return false;
    for (const copyEnd = write + copyBytes; write < copyEnd; write++) bytes[write] = byteAt(bytes, write - distance);
  }
  output.position = write;
  return write === writeEnd;
}

function littleEndianAt(bytes: Uint8Array, at: number, size: number): number {
  let value = 0;
  for (let index = size - 1; index >= 0; index--) value = value * 256 + byteAt(bytes, at + index);
  return value;
}
