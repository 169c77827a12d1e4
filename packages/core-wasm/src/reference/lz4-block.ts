import { byteAt, uint32LittleEndianAt } from '../bytes.ts';
import { Lz4BlockStatus, type Lz4Blocks } from '../lz4-frame.ts';
import type { Output } from '../output.ts';
import { compressBlockHigh } from './lz4-block-high.ts';
import {
  commonBytes,
  LITERAL_TAIL,
  MATCH_MIN,
  MATCH_START_MARGIN,
  startsAlike,
  writeSequence,
} from './lz4-sequence.ts';
import { xxHash32 } from './xxhash32.ts';

const HASH_BITS = 13;
const DISTANCE_MAX = 65535;

/** LZ4 blocks in plain TypeScript. */
export const referenceLz4Blocks: Lz4Blocks = { compressBlock, decompressBlock, xxHash32 };

function compressBlock(input: Uint8Array, start: number, end: number, output: Output, attempts: number): number {
  if (attempts > 0) return compressBlockHigh(input, start, end, output, attempts);
  const lastSeen = new Int32Array(1 << HASH_BITS).fill(-1);
  const matchStartEnd = end - MATCH_START_MARGIN;
  let literalsAt = start;
  let write = output.position;
  let at = start;
  while (at < matchStartEnd) {
    const slot = Math.imul(uint32LittleEndianAt(input, at), 0x9e3779b1) >>> (32 - HASH_BITS);
    const candidate = lastSeen[slot] as number;
    lastSeen[slot] = at;
    if (candidate < 0 || at - candidate > DISTANCE_MAX || !startsAlike(input, candidate, at)) {
      at += 1;
      continue;
    }
    const matchBytes = MATCH_MIN + commonBytes(input, candidate + MATCH_MIN, at + MATCH_MIN, end - LITERAL_TAIL);
    write = writeSequence(input, literalsAt, at, output.bytes, write, at - candidate, matchBytes);
    at += matchBytes;
    literalsAt = at;
  }
  write = writeSequence(input, literalsAt, end, output.bytes, write, 0, 0);
  return write - output.position;
}

function decompressBlock(
  input: Uint8Array,
  start: number,
  end: number,
  output: Output,
  capacity: number,
  historyBytes: number,
): number {
  const bytes = output.bytes;
  const historyStart = output.position - historyBytes;
  const writeEnd = output.position + capacity;
  let write = output.position;
  let read = start;
  while (read < end) {
    const token = byteAt(input, read++);
    let literalBytes = token >>> 4;
    if (literalBytes === 15) {
      let extra: number;
      do {
        if (read >= end) return Lz4BlockStatus.CORRUPT;
        extra = byteAt(input, read++);
        literalBytes += extra;
      } while (extra === 255);
    }
    if (literalBytes > end - read) return Lz4BlockStatus.CORRUPT;
    if (literalBytes > writeEnd - write) return Lz4BlockStatus.OUTPUT_FULL;
    bytes.set(input.subarray(read, read + literalBytes), write);
    read += literalBytes;
    write += literalBytes;
    if (read === end) return write - output.position;

    if (end - read < 2) return Lz4BlockStatus.CORRUPT;
    const distance = byteAt(input, read) | (byteAt(input, read + 1) << 8);
    read += 2;
    if (distance === 0 || distance > write - historyStart) return Lz4BlockStatus.CORRUPT;
    let matchBytes = (token & 15) + MATCH_MIN;
    if (matchBytes === 15 + MATCH_MIN) {
      let extra: number;
      do {
        if (read >= end) return Lz4BlockStatus.CORRUPT;
        extra = byteAt(input, read++);
        matchBytes += extra;
      } while (extra === 255);
    }
    if (matchBytes > writeEnd - write) return Lz4BlockStatus.OUTPUT_FULL;
    for (const matchEnd = write + matchBytes; write < matchEnd; write++) bytes[write] = byteAt(bytes, write - distance);
  }
  return Lz4BlockStatus.CORRUPT;
}
