import { byteAt } from '../bytes.ts';

/** The Castagnoli polynomial, reflected. */
const POLYNOMIAL = 0x82f63b78;

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ POLYNOMIAL : remainder >>> 1;
  return remainder;
});

/** CRC-32C, one byte at a time. */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  let remainder = ~seed;
  for (let index = 0; index < bytes.length; index++) {
    remainder = (remainder >>> 8) ^ (table[(remainder ^ byteAt(bytes, index)) & 0xff] as number);
  }
  return ~remainder >>> 0;
}
