import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatProperty, parseProperties } from './properties.ts';

const parsed = (source: string) => Object.fromEntries(parseProperties(source).map(({ key, value }) => [key, value]));

describe('Java properties', () => {
  test.each([
    ['a=b', { a: 'b' }],
    ['a = b ', { a: 'b ' }],
    ['a:b', { a: 'b' }],
    ['a b', { a: 'b' }],
    ['a', { a: '' }],
    ['  a=b', { a: 'b' }],
    ['# c\n! d\n\n \t\na=b', { a: 'b' }],
    ['a=b#c', { a: 'b#c' }],
    ['a=b,\\\n   c', { a: 'b,c' }],
    ['a=b,\\\r\n   #c', { a: 'b,#c' }],
    ['a=b\\\\\nc=d', { a: 'b\\', c: 'd' }],
    ['a\\=b=c\\:d', { 'a=b': 'c:d' }],
    ['a=\\u00e9\\tx', { a: 'é\tx' }],
    ['a=b\\', { a: 'b' }],
    ['a=1\na=2', { a: '2' }],
    ['listeners=PLAINTEXT://:9092', { listeners: 'PLAINTEXT://:9092' }],
    ['\uFEFFa=b', { a: 'b' }],
  ])('%j', (source, expected) => {
    expect(parsed(source)).toEqual(expected);
  });

  test('a malformed escape names its line', () => {
    expect(() => parseProperties('a=b\nc=\\u12x4')).toThrow('line 2: malformed \\uXXXX escape');
  });

  test('what is formatted parses to the same keys and values, with the lines they stand on', () => {
    const anyText = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(fc.array(fc.tuple(anyText, anyText)), (pairs) => {
        const source = pairs.map(([key, value]) => formatProperty(key, value)).join('\n');
        expect(parseProperties(source)).toEqual(pairs.map(([key, value], at) => ({ key, value, line: at + 1 })));
      }),
    );
  });

  test('any text parses or names a line', () => {
    const unit = fc.constantFrom('a', 'u', '\\', '=', ':', ' ', '\t', '\n', '\r', '#', '!', '0', 'é');
    fc.assert(
      fc.property(fc.string({ unit }), (source) => {
        try {
          for (const { line } of parseProperties(source)) expect(line).toBeGreaterThan(0);
        } catch (error) {
          expect(String(error)).toMatch(/line \d+: malformed/);
        }
      }),
    );
  });
});
