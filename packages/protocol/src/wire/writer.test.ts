import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ProtocolError } from './protocol-error.ts';
import { Reader } from './reader.ts';
import { isUuid, uuidFromBytes, uuidToBytes, ZERO_UUID } from './uuid.ts';
import { Writer } from './writer.ts';

const hexOf = (write: (writer: Writer) => void): string => {
  const writer = new Writer();
  write(writer);
  return Buffer.from(writer.toBytes()).toString('hex');
};

describe('numbers', () => {
  test('the bounds of each type', () => {
    expect(hexOf((w) => w.int8(-128))).toBe('80');
    expect(hexOf((w) => w.int16(-2))).toBe('fffe');
    expect(hexOf((w) => w.uint16(65535))).toBe('ffff');
    expect(hexOf((w) => w.int32(-2147483648))).toBe('80000000');
    expect(hexOf((w) => w.uint32(4294967295))).toBe('ffffffff');
    expect(hexOf((w) => w.int64(Number.MIN_SAFE_INTEGER))).toBe('ffe0000000000001');
    expect(hexOf((w) => w.int64Exact(-(2n ** 63n)))).toBe('8000000000000000');
    expect(hexOf((w) => w.uvarint(4294967295))).toBe('ffffffff0f');
  });

  test('a number that does not fit is refused, not cut', () => {
    for (const write of [
      (w: Writer) => w.int8(128),
      (w: Writer) => w.int16(32768),
      (w: Writer) => w.uint16(-1),
      (w: Writer) => w.int32(2147483648),
      (w: Writer) => w.int32(1.5),
      (w: Writer) => w.int32(Number.NaN),
      (w: Writer) => w.uint32(-1),
      (w: Writer) => w.int64(2 ** 53),
      (w: Writer) => w.int64Exact(2n ** 63n),
      (w: Writer) => w.uvarint(-1),
      (w: Writer) => w.uuid('no uuid'),
      (w: Writer) => w.string('x'.repeat(32768)),
    ])
      expect(() => hexOf(write)).toThrow(ProtocolError);
  });
});

test('text of any length and script comes back', () => {
  const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 80 }), fc.string({ unit: 'binary', maxLength: 80 }));
  fc.assert(
    fc.property(fc.array(text), fc.integer({ min: 1, max: 64 }), (texts, chunkBytes) => {
      const writer = new Writer(chunkBytes);
      for (const one of texts) {
        writer.string(one);
        writer.compactString(one);
      }
      const reader = new Reader(writer.toBytes());
      for (const one of texts) {
        expect(reader.string()).toBe(one);
        expect(reader.compactString()).toBe(one);
      }
      expect(reader.remaining).toBe(0);
    }),
  );
});

test('a uuid has one text form', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      const text = uuidFromBytes(bytes);
      expect(text).toBe(Buffer.from(bytes).toString('base64url'));
      expect(isUuid(text)).toBe(true);
      const back = new Uint8Array(16);
      expect(uuidToBytes(text, back)).toBe(true);
      expect(back).toEqual(bytes);
    }),
  );
  expect(uuidFromBytes(new Uint8Array(16))).toBe(ZERO_UUID);
  for (const text of [
    '',
    'AAAAAAAAAAAAAAAAAAAAA',
    'AAAAAAAAAAAAAAAAAAAAAB',
    'AAAAAAAAAAAAAAAAAAAA+A',
    '\u1234'.repeat(22),
  ])
    expect([isUuid(text), uuidToBytes(text, new Uint8Array(16))]).toEqual([false, false]);
});

describe('pieces', () => {
  test('large views and splices are not copied, small views are', () => {
    const large = new Uint8Array(2000).fill(7);
    const splice = { sizeBytes: 5_000_000 };
    const writer = new Writer();
    writer.int8(1);
    writer.bytes32(large);
    writer.compactBytes(splice);
    writer.bytes32(Uint8Array.of(9));
    expect(writer.sizeBytes).toBe(1 + 4 + 2000 + 4 + 5_000_000 + 5);
    const pieces = writer.finish();
    expect(pieces.length).toBe(5);
    expect(pieces[1]).toBe(large);
    expect(pieces[3]).toBe(splice);
    expect(pieces[4]).toEqual(Buffer.from([0, 0, 0, 1, 9]));
    expect(writer.sizeBytes).toBe(0);
  });

  test('what was given away is never written again, and the chunks do not grow with time', () => {
    const writer = new Writer(64);
    const given = Array.from({ length: 500 }, (_, index) => {
      writer.string(`message ${index}`);
      return writer.finish();
    });
    given.forEach((pieces, index) => {
      const [piece] = pieces;
      if (!(piece instanceof Uint8Array)) throw new Error('bytes were written');
      expect(new Reader(piece).string()).toBe(`message ${index}`);
      expect(piece.buffer.byteLength).toBe(64);
    });
  });

  test('what an error left behind is forgotten', () => {
    const writer = new Writer();
    writer.int32(1);
    writer.bytes32({ sizeBytes: 5 });
    writer.beginTagged(1);
    expect(() => writer.int8(1000)).toThrow(ProtocolError);
    writer.reset();
    writer.bytes32(new Uint8Array(2000));
    expect(writer.finish().length).toBe(2);
  });

  test('a splice has no bytes to join', () => {
    expect(() => hexOf((w) => w.bytes32({ sizeBytes: 5 }))).toThrow(ProtocolError);
  });
});

describe('tagged fields', () => {
  test('sizes of every length of varint, nested, across chunks', () => {
    for (const size of [0, 1, 127, 128, 16383, 16384, 300_000]) {
      const writer = new Writer(16);
      writer.int8(5);
      const outer = writer.beginTagged(3);
      const inner = writer.beginTagged(200);
      writer.bytes32(new Uint8Array(size).fill(1));
      writer.endTagged(inner);
      writer.int8(6);
      writer.endTagged(outer);
      writer.int8(7);
      const reader = new Reader(writer.toBytes());
      expect([reader.int8(), reader.uvarint()]).toEqual([5, 3]);
      const outerEnd = reader.beginTag();
      expect(reader.uvarint()).toBe(200);
      const innerEnd = reader.beginTag();
      expect(reader.bytes32()).toEqual(new Uint8Array(size).fill(1));
      expect(reader.remaining).toBe(0);
      reader.endTag(innerEnd);
      expect([reader.int8(), reader.remaining]).toEqual([6, 0]);
      reader.endTag(outerEnd);
      expect([reader.int8(), reader.remaining]).toEqual([7, 0]);
    }
  });

  test('a splice cannot lie in one', () => {
    const writer = new Writer();
    writer.beginTagged(0);
    expect(() => writer.bytes32({ sizeBytes: 5 })).toThrow(ProtocolError);
  });
});
