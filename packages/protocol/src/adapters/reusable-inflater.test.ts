import zlib from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CodecError } from '../compression/codec.ts';
import { createReusableInflater } from './reusable-inflater.ts';

const compress = { gzip: zlib.gzipSync, zstd: zlib.zstdCompressSync } as const;
const hasZstd = typeof zlib.zstdCompressSync === 'function';
const kinds = hasZstd ? (['gzip', 'zstd'] as const) : (['gzip'] as const);

describe.each(kinds)('%s, inflated in the same memory', (kind) => {
  const made = createReusableInflater(kind);
  if (made === undefined) throw new Error('this runtime is expected to have what the inflater needs');
  const inflater = made;

  test('content after content, however large, good and bad in turn', () => {
    const content = fc.oneof(
      fc.uint8Array({ maxLength: 5000 }),
      fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.nat(3000)).map(([piece, times]) => {
        const whole = new Uint8Array(piece.length * times);
        for (let at = 0; at < times; at++) whole.set(piece, at * piece.length);
        return whole;
      }),
    );
    fc.assert(
      fc.property(content, fc.nat(), (bytes, cut) => {
        const input = compress[kind](bytes);
        if (bytes.length < 1_048_576) {
          expect(Buffer.from(inflater.inflate(input, bytes.length) ?? []).equals(bytes)).toBe(true);
          if (bytes.length > 0) expect(inflater.inflate(input, bytes.length - 1)).toBeUndefined();
        } else expect(inflater.inflate(input, bytes.length)).toBeUndefined();
        const short = input.subarray(0, cut % input.length);
        expect(() => inflater.inflate(short, 1_000_000)).toThrow(CodecError);
      }),
      { numRuns: 200 },
    );
  });

  test.each([65_535, 65_536, 65_537, 131_072, 262_144, 524_288])('%i bytes, about what the memory holds', (length) => {
    // Noise, so that the last byte comes out with the last of the input.
    const bytes = Uint8Array.from({ length }, (_, at) => Math.imul(at + 1, 2_654_435_761) >>> 13);
    for (const content of [bytes, new Uint8Array(length)]) {
      const fresh = createReusableInflater(kind);
      for (const one of [fresh, inflater]) {
        expect(Buffer.from(one?.inflate(compress[kind](content), length) ?? []).equals(content)).toBe(true);
      }
    }
  });

  test('garbage is refused and harms nothing that comes after it', () => {
    const good = compress[kind](Buffer.from('good'));
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.nat(), (garbage, at) => {
        const bad = Uint8Array.from(good);
        bad.set(garbage.subarray(0, good.length), at % Math.max(1, good.length - garbage.length));
        for (const input of [garbage, bad]) {
          try {
            inflater.inflate(input, 100_000);
          } catch (error) {
            expect(error).toBeInstanceOf(CodecError);
          }
        }
        expect(Buffer.from(inflater.inflate(good, 4) ?? []).toString()).toBe('good');
      }),
      { numRuns: 1000 },
    );
  });

  test('what follows the stream is left to others to judge', () => {
    const input = Buffer.concat([compress[kind](Buffer.from('one')), Buffer.from([1, 2, 3])]);
    const judge = (): unknown => inflater.inflate(input, 100);
    try {
      expect(judge()).toBeUndefined();
    } catch (error) {
      expect(error).toBeInstanceOf(CodecError);
    }
  });
});
