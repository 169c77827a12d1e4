import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileRegex } from './compiled-regex.ts';
import { RegexCache } from './regex-cache.ts';
import { RegexError } from './syntax.ts';

const matches = (regex: string, name: string): boolean => compileRegex(regex).matches(name);

/** Expressions that mean the same in JavaScript. */
const expressions: fc.Arbitrary<string> = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'regex' },
    fc.constantFrom(
      'a',
      'b',
      '-',
      '\\.',
      '.',
      '[ab]',
      '[^a]',
      '[a-c_]',
      '\\d',
      '\\w',
      '\\W',
      '',
      '^',
      '$',
      '\\b',
      '\\B',
    ),
    fc.tuple(tie('node'), tie('node')).map(([a, b]) => a + b),
    fc.tuple(tie('node'), tie('node')).map(([a, b]) => `(?:${a}|${b})`),
    fc
      .tuple(tie('node'), fc.constantFrom('*', '+', '?', '{2}', '{1,2}', '{0,3}?', '{2,}'))
      .map(([a, repeat]) => `(?:${a})${repeat}`),
  ),
})).node;
const names = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '1', '.', '-', '_'), maxLength: 8 });

test('matches what JavaScript’s own engine matches', () => {
  fc.assert(
    fc.property(expressions, fc.array(names, { minLength: 1, maxLength: 5 }), (text, all) => {
      const reference = new RegExp(`^(?:${text})$`, 's');
      const compiled = compileRegex(text);
      for (const name of all) expect(compiled.matches(name), `${text} on ${name}`).toBe(reference.test(name));
    }),
    { numRuns: 1000 },
  );
});

describe('RE2’s syntax', () => {
  test.each([
    ['orders', 'orders', true],
    ['orders', 'orders-eu', false],
    ['order', 'my-order', false],
    ['.*', '', true],
    ['(?i)ORDERS-\\d+', 'orders-12', true],
    ['(?i:A)b', 'ab', true],
    ['(?i:A)b', 'aB', false],
    ['a(?i)b|c', 'aC', false],
    ['(?i)a|b', 'B', true],
    ['(?P<name>a+)b', 'aab', true],
    ['(?<name>a+)b', 'aab', true],
    ['[[:alpha:]]+', 'abc', true],
    ['[[:^alpha:]]+', '12-', true],
    ['[^[:digit:]_]', '_', false],
    ['\\pL+', 'abc', true],
    ['\\p{Lu}+', 'ABc', false],
    ['\\P{Lu}+', 'abc', true],
    ['\\p{^Lu}', 'a', true],
    ['[\\pN.]+', '1.2', true],
    ['\\p{Greek}', 'a', false],
    ['\\Qa.b\\E+', 'a.bbb', true],
    ['\\Qa.b\\E', 'axb', false],
    ['\\x61\\x{62}\\143', 'abc', true],
    ['[a\\-z]+', 'a-z', true],
    ['[]a]+', 'a', true],
    ['[a-]+', '-a', true],
    ['a{2,3}?', 'aaa', true],
    ['a{2,3}', 'aaaa', false],
    ['a{,2}', 'a{,2}', true],
    ['(?s).', 'a', true],
    ['(?m)^a$', 'a', true],
    ['\\Aa\\z', 'a', true],
    ['a**?', 'a', 'a repeat of a repeat'],
    ['(', '', 'not closed'],
    [')', '', 'unexpected )'],
    ['[a', '', 'not closed'],
    ['*a', '', 'nothing to repeat'],
    ['a**', '', 'a repeat of a repeat'],
    ['a|{2}', '', 'nothing to repeat'],
    ['\\_', '_', true],
    ['(?=a)', '', 'unknown kind'],
    ['(?!a)', '', 'unknown kind'],
    ['(?>a)', '', 'unknown kind'],
    ['(a)\\1', '', 'back references'],
    ['a{1001}', '', 'at most 1000'],
    ['a{3,2}', '', 'at most 1000'],
    ['(?x)a', '', 'no flag x'],
    ['\\y', '', 'no meaning'],
    ['\\', '', 'backslash'],
    ['\\p{Klingon}', '', 'no such class'],
    ['[[:klingon:]]', '', 'no class'],
    ['[b-a]', '', 'range'],
    ['(a{1000}){1000}', '', 'too large'],
    ['('.repeat(300) + ')'.repeat(300), '', 'nested'],
    ['a'.repeat(10_001), '', 'longer'],
  ] as const)('%s on %j: %s', (regex, name, expected) => {
    if (typeof expected === 'boolean') expect(matches(regex, name)).toBe(expected);
    else {
      expect(() => compileRegex(regex)).toThrow(RegexError);
      expect(() => compileRegex(regex)).toThrow(expected);
    }
  });
});

test('whatever it is given, it compiles or says why not', () => {
  const unit = fc.constantFrom(...'()[]{}|*+?\\^$.:-,!<>=PpQELiab10_é');
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 20, size: 'max' }), names, (text, name) => {
      const compiled = new RegexCache().compile(text);
      if (typeof compiled === 'string') expect(compiled).not.toBe('');
      else expect(typeof compiled.matches(name)).toBe('boolean');
    }),
    { numRuns: 2000 },
  );
});

test('expressions that are deadly to an engine that tries one way after another take no time here', () => {
  const name = `${'a'.repeat(240)}!`;
  for (const regex of [
    '(a+)+',
    '(a|a)*',
    '(a*)*b',
    '(a|aa)+',
    '([a-z]+)*-',
    '(.*)(.*)(.*)(.*)x',
    '(?:a?){200}a{200}x',
  ]) {
    expect(matches(regex, name)).toBe(false);
  }
  // One whose automaton would have 2^18 states.
  const many = compileRegex('(?:a|b)*a(?:a|b){17}');
  const long = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 60, maxLength: 60 });
  const names = fc.sample(long, { numRuns: 500, seed: 1 });
  const effort = { stepsLeft: 0 };
  for (const each of names) expect(many.matches(each, effort)).toBe(each.at(-18) === 'a');
  // What that took can be told, and more of the same costs less.
  const first = -effort.stepsLeft;
  expect(first).toBeGreaterThan(names.length * 60);
  for (const each of names.slice(0, 10)) many.matches(each, effort);
  expect(-effort.stepsLeft).toBeLessThan(first * 1.2);
});

test('the cache keeps the latest', () => {
  const cache = new RegexCache(2);
  const first = cache.compile('a');
  expect(cache.compile('a')).toBe(first);
  cache.compile('b');
  cache.compile('c');
  expect(cache.compile('a')).not.toBe(first);
});
