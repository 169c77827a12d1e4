/** The byte at `index`, which the caller knows to be inside. */
export function byteAt(bytes: Uint8Array, index: number): number {
  return bytes[index] as number;
}

/** The little-endian uint32 at `index`. */
export function uint32LittleEndianAt(bytes: Uint8Array, index: number): number {
  return (
    (byteAt(bytes, index) |
      (byteAt(bytes, index + 1) << 8) |
      (byteAt(bytes, index + 2) << 16) |
      (byteAt(bytes, index + 3) << 24)) >>>
    0
  );
}

/** The big-endian uint32 at `index`. */
export function uint32BigEndianAt(bytes: Uint8Array, index: number): number {
  return (
    ((byteAt(bytes, index) << 24) |
      (byteAt(bytes, index + 1) << 16) |
      (byteAt(bytes, index + 2) << 8) |
      byteAt(bytes, index + 3)) >>>
    0
  );
}

/** The big-endian int32 at `index`. */
export function int32BigEndianAt(bytes: Uint8Array, index: number): number {
  return uint32BigEndianAt(bytes, index) | 0;
}

/** Writes a little-endian uint32. */
export function putUint32LittleEndian(bytes: Uint8Array, index: number, value: number): void {
  bytes[index] = value;
  bytes[index + 1] = value >>> 8;
  bytes[index + 2] = value >>> 16;
  bytes[index + 3] = value >>> 24;
}

/** Writes a big-endian uint32. */
export function putUint32BigEndian(bytes: Uint8Array, index: number, value: number): void {
  bytes[index] = value >>> 24;
  bytes[index + 1] = value >>> 16;
  bytes[index + 2] = value >>> 8;
  bytes[index + 3] = value;
}
