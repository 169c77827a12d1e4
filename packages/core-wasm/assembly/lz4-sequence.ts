import { copyFromInput } from './copy';

/** The least that a match may have. */
export const MATCH_MIN: usize = 4;
/** The format's end rules: no match begins in the last 12 bytes, and the last 5 bytes are literals. */
export const MATCH_START_MARGIN: usize = 12;
export const LITERAL_TAIL: usize = 5;

/** Writes what of a length is beyond its 4 bits in the token. */
// @ts-ignore: decorator
@inline
export function putLengthTail(target: usize, length: usize): usize {
  while (length >= 255) {
    store<u8>(target++, 255);
    length -= 255;
  }
  store<u8>(target++, <u8>length);
  return target;
}

/** Writes the token and the literals of a sequence; the match's part of the token is added later. */
// @ts-ignore: decorator
@inline
export function putLiterals(target: usize, literals: usize, size: usize, sourceEnd: usize): usize {
  let write = target + 1;
  if (size >= 15) {
    store<u8>(target, 0xf0);
    write = putLengthTail(write, size - 15);
    copyFromInput(write, literals, size, sourceEnd);
  } else {
    store<u8>(target, <u8>(size << 4));
    if (literals + 16 <= sourceEnd) v128.store(write, v128.load(literals));
    else memory.copy(write, literals, size);
  }
  return write + size;
}
