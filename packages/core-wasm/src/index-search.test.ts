import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bothCores, inHeap, wasm } from '../tests/cores.ts';

function offsetIndex(offsets: readonly number[]): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(offsets.length * 8));
  offsets.forEach((offset, slot) => {
    bytes.setInt32(slot * 8, offset);
    bytes.setInt32(slot * 8 + 4, slot * 4096);
  });
  return new Uint8Array(bytes.buffer);
}

function timeIndex(timestamps: readonly number[]): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(timestamps.length * 12));
  timestamps.forEach((timestamp, slot) => {
    bytes.setBigInt64(slot * 12, BigInt(timestamp));
    bytes.setInt32(slot * 12 + 8, slot);
  });
  return new Uint8Array(bytes.buffer);
}

const ascending = (values: number[]): number[] => [...new Set(values)].sort((a, b) => a - b);
const offsets = fc.array(fc.oneof(fc.nat(300), fc.nat(0x7fffffff)), { maxLength: 200 }).map(ascending);
const timestamps = fc
  .array(fc.oneof(fc.integer({ min: -50, max: 300 }), fc.maxSafeInteger()), { maxLength: 200 })
  .map(ascending);

describe.each(bothCores)('index search (%s)', (_name, core) => {
  const place = (bytes: Uint8Array): Uint8Array => (core === wasm ? inHeap(bytes, 4) : bytes);

  it('finds the last offset not beyond the target', () => {
    const target = fc.oneof(
      fc.integer({ min: -5, max: 310 }),
      fc.maxSafeInteger(),
      fc.double({ min: -5, max: 310, noNaN: true }),
    );
    fc.assert(
      fc.property(offsets, target, (list, wanted) => {
        const expected = list.findLastIndex((offset) => offset <= wanted);
        expect(core.searchOffsetIndex(offsetIndex(list), list.length, wanted)).toBe(expected);
        expect(core.searchOffsetIndex(place(offsetIndex(list)), list.length, wanted)).toBe(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('finds the last timestamp not beyond the target', () => {
    const target = fc.oneof(
      fc.integer({ min: -60, max: 310 }),
      fc.maxSafeInteger(),
      fc.constantFrom(-Infinity, Infinity, 1.5),
    );
    fc.assert(
      fc.property(timestamps, target, (list, wanted) => {
        const expected = list.findLastIndex((timestamp) => timestamp <= wanted);
        expect(core.searchTimeIndex(timeIndex(list), list.length, wanted)).toBe(expected);
        expect(core.searchTimeIndex(place(timeIndex(list)), list.length, wanted)).toBe(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('looks at as many entries as it is told, of a file that is larger', () => {
    const entries = offsetIndex([10, 20, 30, 0, 0, 0]);
    expect(core.searchOffsetIndex(place(entries), 3, 100)).toBe(2);
  });

  it('refuses a count that the entries do not have', () => {
    const entries = place(offsetIndex([1, 2, 3]));
    for (const count of [4, -1, 0.5, Number.NaN]) {
      expect(() => core.searchOffsetIndex(entries, count, 1)).toThrow(RangeError);
      expect(() => core.searchTimeIndex(entries, count, 1)).toThrow(RangeError);
    }
  });
});
