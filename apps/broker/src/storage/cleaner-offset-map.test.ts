import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KeyHash } from './cleaner-key-hash.ts';
import { OffsetMap, type OffsetMapOptions } from './cleaner-offset-map.ts';

const text = new TextEncoder();
const MEGABYTE = 1024 * 1024;

function mapOf(change: Partial<OffsetMapOptions> = {}): OffsetMap {
  const secret = Uint8Array.from({ length: 16 }, (_, index) => index * 7);
  return new OffsetMap({
    memoryBytes: MEGABYTE,
    loadFactor: 0.9,
    entriesWanted: 1e9,
    baseOffset: 0,
    secret,
    ...change,
  });
}

describe('the offset map', () => {
  test('gives what a Map gives, wherever the keys lie and however far offsets are', () => {
    const put = fc.record({ key: fc.uint8Array({ maxLength: 9 }), skip: fc.integer({ min: 1, max: 2 ** 40 }) });
    fc.assert(
      fc.property(fc.array(put, { maxLength: 60 }), fc.nat(2 ** 40), fc.nat(3), (puts, baseOffset, lead) => {
        const map = mapOf({ baseOffset });
        const model = new Map<string, number>();
        let offset = baseOffset;
        for (const { key, skip } of puts) {
          const bytes = new Uint8Array(lead + key.length + 2).fill(0xee);
          bytes.set(key, lead);
          expect(map.put(bytes, lead, key.length, offset)).toBe(true);
          model.set(key.join(), offset);
          offset += skip;
        }
        expect(map.size).toBe(model.size);
        for (const { key } of puts) expect(map.latest(key, 0, key.length)).toBe(model.get(key.join()));
        expect(map.latest(text.encode('another key'), 0, 11)).toBe(-1);
      }),
    );
  });

  test('grows from little, keeps every entry, and stays within its memory until it is full', () => {
    const map = mapOf();
    expect(map.memoryBytes).toBeLessThan(MEGABYTE / 8);
    let count = 0;
    let peak = 0;
    for (; ; count += 1) {
      const key = text.encode(`key-${count}`);
      if (!map.put(key, 0, key.length, count)) break;
      peak = Math.max(peak, map.memoryBytes);
      const other = Math.floor(count / 2);
      const earlier = text.encode(`key-${other}`);
      if (count % 17 === 0) expect(map.latest(earlier, 0, earlier.length)).toBe(other);
    }
    expect(peak).toBeLessThanOrEqual(MEGABYTE);
    // Four fifths of the memory, of which nine in ten slots are filled.
    expect(count).toBe(Math.floor(Math.floor((MEGABYTE / 24) * 0.8) * 0.9));
    for (let index = 0; index < count; index += 1) {
      const key = text.encode(`key-${index}`);
      expect(map.latest(key, 0, key.length)).toBe(index);
    }
    // A key that is there goes in still.
    const known = text.encode('key-0');
    expect(map.put(known, 0, known.length, count + 5)).toBe(true);
    expect(map.latest(known, 0, known.length)).toBe(count + 5);
    map.release();
    expect(map.memoryBytes).toBe(0);
  });

  test('takes no more than can be asked for', () => {
    expect(mapOf({ entriesWanted: 10 }).memoryBytes).toBeLessThanOrEqual(13 * 24);
    const map = mapOf({ entriesWanted: 10 });
    for (let index = 0; index < 10; index += 1) expect(map.put(Uint8Array.of(index), 0, 1, index)).toBe(true);
  });
});

describe('the key hash', () => {
  const words = (hash: KeyHash) => [hash.h0, hash.h1, hash.h2, hash.h3].map((word) => (word >>> 0).toString(16));

  test('is HalfSipHash-2-4 with 64 bits: the reference vectors of its authors', () => {
    // Key 00..07, input 00..len-1; output bytes little-endian.
    const secret = Uint8Array.of(3, 2, 1, 0, 7, 6, 5, 4, 3, 2, 1, 0, 7, 6, 5, 4);
    const hash = new KeyHash(secret);
    const input = Uint8Array.from({ length: 8 }, (_, index) => index);
    const expected = ['21 8d 1f 59 b9 b8 3c c8', 'be 55 24 12 f8 38 73 15', '06 4f 39 ef 7c 50 eb 57'];
    for (const [length, bytes] of expected.entries()) {
      hash.hash(input, 0, length);
      const out = new Uint8Array(8);
      new DataView(out.buffer).setInt32(0, hash.h0, true);
      new DataView(out.buffer).setInt32(4, hash.h1, true);
      expect([...out].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')).toBe(bytes);
    }
  });

  test('tells keys apart that differ in one bit, or in length alone', () => {
    const hash = new KeyHash(new Uint8Array(16).fill(9));
    const seen = new Set<string>();
    const base = new Uint8Array(40);
    for (let length = 0; length <= 40; length += 1) {
      hash.hash(base, 0, length);
      seen.add(words(hash).join());
    }
    for (let bit = 0; bit < 320; bit += 1) {
      const changed = base.slice();
      changed[bit >> 3] = 1 << (bit & 7);
      hash.hash(changed, 0, 40);
      seen.add(words(hash).join());
    }
    expect(seen.size).toBe(41 + 320);
  });
});
