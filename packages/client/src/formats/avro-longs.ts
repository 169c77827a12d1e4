import avsc from 'avsc';

const HIGH = 2 ** 32;

/**
 * A long as a number, exact within 2^53 either way and refused beyond. That of `avsc` itself is rounded from 2^52 on, silently: it makes
 * -(2^52) - 1 a positive number.
 */
export const safeLong = avsc.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => {
    const long = bytes.readInt32LE(4) * HIGH + bytes.readUInt32LE(0);
    if (Number.isSafeInteger(long)) return long;
    throw new RangeError(`a long beyond 2^53, ${bytes.readBigInt64LE()}: read it with longs: 'bigint'`);
  },
  toBuffer: (long: number) => {
    const bytes = Buffer.allocUnsafe(8);
    const high = Math.floor(long / HIGH);
    bytes.writeInt32LE(high, 4);
    bytes.writeUInt32LE(long - high * HIGH, 0);
    return bytes;
  },
  fromJSON: Number,
  toJSON: Number,
  isValid: Number.isSafeInteger,
  compare: (a: number, b: number) => a - b,
});

/** A long as a bigint. */
export const bigintLong = avsc.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (long: bigint) => {
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeBigInt64LE(long);
    return bytes;
  },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: (long: unknown) => typeof long === 'bigint' && BigInt.asIntN(64, long) === long,
  compare: (a: bigint, b: bigint) => (a === b ? 0 : a < b ? -1 : 1),
});
