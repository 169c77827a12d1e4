/**
 * Zigzag varints as records use them, written and measured without objects. Reading is the record cursor's own work:
 * it keeps the position.
 */

/** From here on doubling a number may lose its last bit. */
const EXACT_DOUBLING_LIMIT = 2 ** 52;

/** Bytes that `value`, an int32, takes as a varint. */
export function varintSizeBytes(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  if (zigzag < 0x80) return 1;
  if (zigzag < 0x4000) return 2;
  if (zigzag < 0x20_0000) return 3;
  if (zigzag < 0x1000_0000) return 4;
  return 5;
}

/** Writes `value`, an int32, at `at` and returns the position behind it. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0;
  let position = at;
  while (rest >= 0x80) {
    bytes[position] = rest | 0x80;
    position += 1;
    rest >>>= 7;
  }
  bytes[position] = rest;
  return position + 1;
}

/** Bytes that `value`, a whole number of the safe range, takes as a varlong. */
export function varlongSizeBytes(value: number): number {
  if (value === (value | 0)) return varintSizeBytes(value);
  let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  let size = 1;
  while (rest >= 0x80n) {
    size += 1;
    rest >>= 7n;
  }
  return size;
}

/** Writes `value`, a whole number of the safe range, at `at` and returns the position behind it. */
export function writeVarlong(bytes: Uint8Array, at: number, value: number): number {
  if (value === (value | 0)) return writeVarint(bytes, at, value);
  if (value >= EXACT_DOUBLING_LIMIT || value <= -EXACT_DOUBLING_LIMIT)
    return writeWideVarlong(bytes, at, BigInt(value));
  let rest = value >= 0 ? value * 2 : -value * 2 - 1;
  let position = at;
  while (rest >= 0x80) {
    bytes[position] = (rest % 0x80) | 0x80;
    position += 1;
    rest = Math.floor(rest / 0x80);
  }
  bytes[position] = rest;
  return position + 1;
}

function writeWideVarlong(bytes: Uint8Array, at: number, value: bigint): number {
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  let position = at;
  while (rest >= 0x80n) {
    bytes[position] = Number(rest & 0x7fn) | 0x80;
    position += 1;
    rest >>= 7n;
  }
  bytes[position] = Number(rest);
  return position + 1;
}
