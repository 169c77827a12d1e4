import { CRC_TABLES } from './layout';

/** The Castagnoli polynomial, reflected. */
const POLYNOMIAL: u32 = 0x82f63b78;

/** Bytes of one table. */
const TABLE_BYTES: usize = 1024;

/** Table 0 advances a remainder by one byte; table k by k more bytes of zero. */
export function buildCrcTables(): void {
  for (let byte: u32 = 0; byte < 256; byte++) {
    let remainder = byte;
    for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ POLYNOMIAL : remainder >>> 1;
    store<u32>(CRC_TABLES + (<usize>byte << 2), remainder);
  }
  for (let table: usize = 1; table < 16; table++) {
    for (let byte: usize = 0; byte < 256; byte++) {
      const remainder = load<u32>(CRC_TABLES + (table - 1) * TABLE_BYTES + (byte << 2));
      store<u32>(CRC_TABLES + table * TABLE_BYTES + (byte << 2), (remainder >>> 8) ^ lookUp(remainder, 0));
    }
  }
}

/** The low byte of `value` looked up in a table. */
// @ts-ignore: decorator
@inline
function lookUp(value: u32, table: usize): u32 {
  return load<u32>(CRC_TABLES + table * TABLE_BYTES + (<usize>(value & 0xff) << 2));
}

/** Eight bytes (little-endian) looked up, the first of them in table `first`, the last in table `first - 7`. */
// @ts-ignore: decorator
@inline
function lookUpEight(bytes: u64, first: usize): u32 {
  const low = <u32>bytes;
  const high = <u32>(bytes >>> 32);
  return (
    lookUp(low, first) ^
    lookUp(low >>> 8, first - 1) ^
    lookUp(low >>> 16, first - 2) ^
    lookUp(low >>> 24, first - 3) ^
    lookUp(high, first - 4) ^
    lookUp(high >>> 8, first - 5) ^
    lookUp(high >>> 16, first - 6) ^
    lookUp(high >>> 24, first - 7)
  );
}

/** Goes on from `remainder` (not inverted) over `size` bytes, 16 at a time (slicing by 16). */
export function remainderBySlicing(remainder: u32, at: usize, size: usize): u32 {
  const end = at + size;
  while (at + 16 <= end) {
    remainder = lookUpEight(load<u64>(at) ^ <u64>remainder, 15) ^ lookUpEight(load<u64>(at, 8), 7);
    at += 16;
  }
  if (at + 8 <= end) {
    remainder = lookUpEight(load<u64>(at) ^ <u64>remainder, 7);
    at += 8;
  }
  while (at < end) {
    remainder = (remainder >>> 8) ^ lookUp(remainder ^ load<u8>(at), 0);
    at++;
  }
  return remainder;
}
