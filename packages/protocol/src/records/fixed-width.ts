/**
 * Big-endian fixed-width numbers at a byte position. Nothing is checked against the end of the bytes: the caller knows
 * that the whole structure lies within them (reading past the end gives zeros, writing past it does nothing).
 */

const TWO_TO_32 = 4_294_967_296;

export function int8At(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 24) >> 24;
}

export function int16At(bytes: Uint8Array, at: number): number {
  return (((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16)) >> 16;
}

export function int32At(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  );
}

export function uint32At(bytes: Uint8Array, at: number): number {
  return int32At(bytes, at) >>> 0;
}

/** An int64 as a number, saturated at ±(2^53-1). */
export function int64At(bytes: Uint8Array, at: number): number {
  const value = int32At(bytes, at) * TWO_TO_32 + uint32At(bytes, at + 4);
  if (value > Number.MAX_SAFE_INTEGER) return Number.MAX_SAFE_INTEGER;
  if (value < Number.MIN_SAFE_INTEGER) return Number.MIN_SAFE_INTEGER;
  return value;
}

/** An int64 in its full range. */
export function int64ExactAt(bytes: Uint8Array, at: number): bigint {
  return (BigInt(int32At(bytes, at)) << 32n) | BigInt(uint32At(bytes, at + 4));
}

export function setInt16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value;
}

export function setInt32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 24;
  bytes[at + 1] = value >> 16;
  bytes[at + 2] = value >> 8;
  bytes[at + 3] = value;
}

/** Writes a whole number of the safe range as int64. */
export function setInt64(bytes: Uint8Array, at: number, value: number): void {
  const high = Math.floor(value / TWO_TO_32);
  setInt32(bytes, at, high);
  setInt32(bytes, at + 4, value - high * TWO_TO_32);
}
