import { byteAt, uint32LittleEndianAt } from '../bytes.ts';

const PRIME_1 = 0x9e3779b1;
const PRIME_2 = 0x85ebca77;
const PRIME_3 = 0xc2b2ae3d;
const PRIME_4 = 0x27d4eb2f;
const PRIME_5 = 0x165667b1;

/** xxHash32 as its specification states it: stripes of 16 bytes in four lanes, then words, then bytes, then the avalanche. */
export function xxHash32(bytes: Uint8Array, seed = 0): number {
  let at = 0;
  let hash: number;
  if (bytes.length >= 16) {
    let lane1 = (seed + PRIME_1 + PRIME_2) | 0;
    let lane2 = (seed + PRIME_2) | 0;
    let lane3 = seed | 0;
    let lane4 = (seed - PRIME_1) | 0;
    for (; at + 16 <= bytes.length; at += 16) {
      lane1 = round(lane1, uint32LittleEndianAt(bytes, at));
      lane2 = round(lane2, uint32LittleEndianAt(bytes, at + 4));
      lane3 = round(lane3, uint32LittleEndianAt(bytes, at + 8));
      lane4 = round(lane4, uint32LittleEndianAt(bytes, at + 12));
    }
    hash = (rotateLeft(lane1, 1) + rotateLeft(lane2, 7) + rotateLeft(lane3, 12) + rotateLeft(lane4, 18)) | 0;
  } else {
    hash = (seed + PRIME_5) | 0;
  }
  hash = (hash + bytes.length) | 0;
  for (; at + 4 <= bytes.length; at += 4) {
    hash = Math.imul(rotateLeft((hash + Math.imul(uint32LittleEndianAt(bytes, at), PRIME_3)) | 0, 17), PRIME_4);
  }
  for (; at < bytes.length; at += 1) {
    hash = Math.imul(rotateLeft((hash + Math.imul(byteAt(bytes, at), PRIME_5)) | 0, 11), PRIME_1);
  }
  return avalanche(hash);
}

function round(lane: number, word: number): number {
  return Math.imul(rotateLeft((lane + Math.imul(word, PRIME_2)) | 0, 13), PRIME_1);
}

function avalanche(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 15), PRIME_2);
  mixed = Math.imul(mixed ^ (mixed >>> 13), PRIME_3);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
