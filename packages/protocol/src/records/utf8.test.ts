import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readUtf8, utf8SizeBytes, writeUtf8 } from './utf8.ts';

test('any text takes as many bytes as foretold and reads back, lone surrogates as replacement characters', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.boolean(), (text, broken) => {
      const given = broken ? `${text}\ud800${text}\udc00` : text;
      const bytes = new Uint8Array(utf8SizeBytes(given) + 8);
      const end = writeUtf8(bytes, 4, given);
      expect(end - 4).toBe(utf8SizeBytes(given));
      expect(readUtf8(bytes, 4, end)).toBe(given.toWellFormed());
    }),
  );
});

test('a byte order mark is part of the text', () => {
  const bytes = new Uint8Array(8);
  const end = writeUtf8(bytes, 0, '\ufeffa');
  expect(readUtf8(bytes, 0, end)).toBe('\ufeffa');
});
