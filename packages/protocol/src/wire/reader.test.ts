import { describe, expect, test } from 'vitest';
import { ProtocolError } from './protocol-error.ts';
import { Reader } from './reader.ts';

const reader = (hex: string): Reader => new Reader(Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex')));

describe('fixed width', () => {
  test('signs and byte order', () => {
    const all = reader('01 ff fffe fffe fffffffd fffffffd 3ff8000000000000');
    expect([all.bool(), all.int8(), all.int16(), all.uint16(), all.int32(), all.uint32(), all.float64()]).toEqual([
      true,
      -1,
      -2,
      65534,
      -3,
      4294967293,
      1.5,
    ]);
    expect(all.remaining).toBe(0);
  });

  test('any non-zero byte is true', () => {
    expect(reader('02').bool()).toBe(true);
    expect(reader('00').bool()).toBe(false);
  });

  test('an int64 saturates at the safe integers', () => {
    expect(reader('001fffffffffffff').int64()).toBe(Number.MAX_SAFE_INTEGER);
    expect(reader('0020000000000000').int64()).toBe(Number.MAX_SAFE_INTEGER);
    expect(reader('7fffffffffffffff').int64()).toBe(Number.MAX_SAFE_INTEGER);
    expect(reader('ffe0000000000001').int64()).toBe(Number.MIN_SAFE_INTEGER);
    expect(reader('ffe0000000000000').int64()).toBe(Number.MIN_SAFE_INTEGER);
    expect(reader('8000000000000000').int64()).toBe(Number.MIN_SAFE_INTEGER);
    expect(reader('ffffffffffffffff').int64()).toBe(-1);
    expect(reader('ffffffff00000000').int64()).toBe(-4294967296);
    expect(reader('8000000000000000').int64Exact()).toBe(-(2n ** 63n));
  });
});

describe('text', () => {
  test('bytes that are not UTF-8 are read as replacement characters', () => {
    expect(reader('0003 61ff62').string()).toBe('a\ufffdb');
  });
  test('a byte order mark is text', () => {
    expect(reader('0004 efbbbf61').string()).toBe('\ufeffa');
    expect(reader('000d efbbbf61616161616161616161').string()).toBe('\ufeffaaaaaaaaaa');
  });
  test('null only where it may be', () => {
    expect(reader('ffff').nullableString()).toBe(null);
    expect(reader('00').compactNullableString()).toBe(null);
    expect(() => reader('ffff').string()).toThrow(ProtocolError);
    expect(() => reader('00').compactString()).toThrow(ProtocolError);
    expect(() => reader('fffe').nullableString()).toThrow(ProtocolError);
  });
  test('a view of a larger buffer is read within the view', () => {
    const whole = Buffer.from('xx\0\x0chello world!yy', 'latin1');
    const view = new Uint8Array(whole.buffer, whole.byteOffset + 2, 14);
    expect(new Reader(view).string()).toBe('hello world!');
  });
});

describe('guards', () => {
  test('nothing is read beyond the end', () => {
    for (const read of ['bool', 'int16', 'int32', 'int64', 'int64Exact', 'float64', 'uuid', 'uvarint'] as const)
      expect(() => reader('')[read](), read).toThrow(ProtocolError);
    expect(() => reader('000000').int32()).toThrow('4 bytes wanted, 3 left');
    expect(() => reader('0005 6162').string()).toThrow(ProtocolError);
    expect(() => reader('7fffffff').bytes32()).toThrow(ProtocolError);
    expect(() => reader('ffffffff0f').compactBytes()).toThrow(ProtocolError);
  });

  test('a varint ends after 32 bits', () => {
    expect(reader('ffffffff0f').uvarint()).toBe(4294967295);
    expect(reader('8000').uvarint()).toBe(0);
    expect(() => reader('ffffffff10').uvarint()).toThrow('longer than 32 bits');
    expect(() => reader('808080808001').uvarint()).toThrow('longer than 32 bits');
  });

  test('an array is no longer than its bytes allow, and no longer than a million', () => {
    expect(reader('00000002 0000000000000000').arrayLength(4)).toBe(2);
    expect(() => reader('00000003 0000000000000000').arrayLength(4)).toThrow('an array claims 3 elements');
    expect(() => reader('7fffffff 00').arrayLength(1)).toThrow(ProtocolError);
    const million = new Uint8Array(4 + 1_000_001);
    new DataView(million.buffer).setInt32(0, 1_000_001);
    expect(() => new Reader(million).arrayLength(1)).toThrow(ProtocolError);
    new DataView(million.buffer).setInt32(0, 1_000_000);
    expect(new Reader(million).arrayLength(1)).toBe(1_000_000);
    expect(() => reader('ffffffff').arrayLength(1)).toThrow(ProtocolError);
    expect(reader('ffffffff').nullableArrayLength(1)).toBe(-1);
    expect(reader('00').compactNullableArrayLength(1)).toBe(-1);
    expect(() => reader('00').compactArrayLength(1)).toThrow(ProtocolError);
  });

  test('a struct has at most ten thousand tagged fields', () => {
    expect(() => reader('914e').skipTags()).toThrow('10001 tagged fields');
  });

  test('a known tagged field is read inside its size', () => {
    const inside = reader('02 0000 aabb');
    const outer = inside.beginTag();
    expect(() => inside.int32()).toThrow('4 bytes wanted, 2 left');
    inside.endTag(outer);
    expect(inside.uint16()).toBe(0xaabb);
    expect(() => reader('05 00').beginTag()).toThrow(ProtocolError);
  });

  test('unknown tagged fields are passed over', () => {
    const tags = reader('02 00 01 aa 63 02 bbbb 07');
    tags.skipTags();
    expect(tags.int8()).toBe(7);
  });

  test('an error says where it was', () => {
    const at = reader('0001 00');
    at.int16();
    at.int8();
    expect(() => at.int32()).toThrow(expect.objectContaining({ position: 3 }));
  });
});
