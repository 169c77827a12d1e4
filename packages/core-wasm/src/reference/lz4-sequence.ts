import { uint32LittleEndianAt } from '../bytes.ts';

/** The least that a match may have. */
export const MATCH_MIN = 4;
/** The format's end rules: the last match begins at least 12 bytes before the end, and the last 5 bytes are literals. */
export const MATCH_START_MARGIN = 12;
export const LITERAL_TAIL = 5;

/** Whether the 4 bytes at both places are the same. */
export function startsAlike(input: Uint8Array, left: number, right: number): boolean {
  return uint32LittleEndianAt(input, left) === uint32LittleEndianAt(input, right);
}

/** How many bytes at `left` and `right` agree, `right` staying below `end`. */
export function commonBytes(input: Uint8Array, left: number, right: number, end: number): number {
  let count = 0;
  while (right + count < end && input[left + count] === input[right + count]) count += 1;
  return count;
}

/** Writes literals and, unless `matchBytes` is 0 (the last sequence), a match. Returns the index after it. */
export function writeSequence(
  input: Uint8Array,
  literalsStart: number,
  literalsEnd: number,
  bytes: Uint8Array,
  at: number,
  distance: number,
  matchBytes: number,
): number {
  const literalBytes = literalsEnd - literalsStart;
  const matchCode = matchBytes === 0 ? 0 : matchBytes - MATCH_MIN;
  bytes[at] = (Math.min(literalBytes, 15) << 4) | Math.min(matchCode, 15);
  let write = literalBytes >= 15 ? writeLengthTail(bytes, at + 1, literalBytes - 15) : at + 1;
  bytes.set(input.subarray(literalsStart, literalsEnd), write);
  write += literalBytes;
  if (matchBytes === 0) return write;
  bytes[write] = distance;
  bytes[write + 1] = distance >>> 8;
  return matchCode >= 15 ? writeLengthTail(bytes, write + 2, matchCode - 15) : write + 2;
}

function writeLengthTail(bytes: Uint8Array, at: number, length: number): number {
  let write = at;
  let left = length;
  for (; left >= 255; left -= 255) bytes[write++] = 255;
  bytes[write++] = left;
  return write;
}
