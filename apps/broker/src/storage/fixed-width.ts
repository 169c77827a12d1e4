/** Big-endian numbers of index files. Nothing is checked against the end of the bytes. */

const TWO_TO_32 = 4_294_967_296;

export function int32At(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  );
}

/** An int64 as a number; beyond ±2^53 it loses precision, which no valid timestamp or offset does. */
export function int64At(bytes: Uint8Array, at: number): number {
  return int32At(bytes, at) * TWO_TO_32 + (int32At(bytes, at + 4) >>> 0);
}

export function setInt32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 24;
  bytes[at + 1] = value >> 16;
  bytes[at + 2] = value >> 8;
  bytes[at + 3] = value;
}

/** Writes a whole number of the safe range. */
export function setInt64(bytes: Uint8Array, at: number, value: number): void {
  const high = Math.floor(value / TWO_TO_32);
  setInt32(bytes, at, high);
  setInt32(bytes, at + 4, value - high * TWO_TO_32);
}
