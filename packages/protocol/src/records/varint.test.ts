import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { goldenVarints } from '../../tests/records/golden.ts';
import { varintSizeBytes, varlongSizeBytes, writeVarint, writeVarlong } from './varint.ts';

const written = (write: typeof writeVarint, value: number): string => {
  const bytes = new Uint8Array(10);
  return Buffer.from(bytes.subarray(0, write(bytes, 0, value))).toString('hex');
};

describe('zigzag varints', () => {
  test.each(Object.entries(goldenVarints).filter(([name]) => name.startsWith('varint')))('%s', (name, hex) => {
    const value = Number(name.split(' ')[1]);
    expect(written(writeVarint, value)).toBe(hex);
    expect(varintSizeBytes(value)).toBe(hex.length / 2);
  });

  const safeVarlongs = Object.entries(goldenVarints).filter(
    ([name]) => name.startsWith('varlong') && Number.isSafeInteger(Number(name.split(' ')[1])),
  );
  test.each(safeVarlongs)('%s', (name, hex) => {
    const value = Number(name.split(' ')[1]);
    expect(written(writeVarlong, value)).toBe(hex);
    expect(varlongSizeBytes(value)).toBe(hex.length / 2);
  });

  test('every safe integer is written as its 64-bit zigzag', () => {
    const wide = fc.oneof(fc.maxSafeInteger(), fc.integer(), fc.constantFrom(2 ** 52, -(2 ** 52), 2 ** 52 - 1));
    fc.assert(
      fc.property(wide, (value) => {
        const expected: number[] = [];
        let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
        for (; rest >= 0x80n; rest >>= 7n) expected.push(Number(rest & 0x7fn) | 0x80);
        expected.push(Number(rest));
        expect(written(writeVarlong, value)).toBe(Buffer.from(expected).toString('hex'));
        expect(varlongSizeBytes(value)).toBe(expected.length);
      }),
    );
  });
});
