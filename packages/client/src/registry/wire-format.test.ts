import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { messageIndexBytes, PREFIX_BYTES, readMessageIndexes, readSchemaId, writePrefix } from './wire-format.ts';

describe('the prefix', () => {
  test('is a zero and the id', () => {
    const bytes = new Uint8Array(PREFIX_BYTES);
    writePrefix(bytes, 0x01020304);
    expect([...bytes]).toEqual([0, 1, 2, 3, 4]);
    fc.assert(
      fc.property(fc.nat(0x7fff_ffff), (id) => {
        writePrefix(bytes, id);
        expect(readSchemaId(bytes)).toBe(id);
      }),
    );
  });

  test('must be there', () => {
    expect(() => readSchemaId(Uint8Array.of(0, 0, 0, 1))).toThrow('too few');
    expect(() => readSchemaId(new TextEncoder().encode('{"id":1}'))).toThrow('byte 123');
  });
});

describe('message indexes', () => {
  test('of the first message are a lone zero', () => {
    expect([...messageIndexBytes([0])]).toEqual([0]);
    expect(readMessageIndexes(Uint8Array.of(9, 0, 7), 1)).toEqual({ indexes: [0], end: 2 });
    expect([...messageIndexBytes([1, 0])]).toEqual([4, 2, 0]);
  });

  test('are read as they were written', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1_000_000), { minLength: 1, maxLength: 8 }), fc.nat(5), (indexes, before) => {
        const written = messageIndexBytes(indexes);
        const bytes = new Uint8Array(before + written.length + 2);
        bytes.set(written, before);
        expect(readMessageIndexes(bytes, before)).toEqual({ indexes, end: before + written.length });
      }),
    );
  });

  test('that cannot be are refused, whatever the bytes', () => {
    for (const bytes of [
      [],
      [0x80],
      [1],
      [4, 2],
      [2, 1],
      [0xff, 0xff, 0xff, 0xff, 0xff, 0],
      [0xfe, 0xff, 0xff, 0xff, 0x0f],
    ]) {
      expect(() => readMessageIndexes(Uint8Array.from(bytes), 0), String(bytes)).toThrow(RangeError);
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          expect(readMessageIndexes(bytes, 0).end).toBeLessThanOrEqual(bytes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });
});
