import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CliError } from '../errors/cli-error.ts';
import { FormatError } from '../format/format-error.ts';
import { parseExpression } from './expression.ts';
import { filterOf } from './filtering-printer.ts';
import type { Filterable } from './quick-filter.ts';
import { RecordScope } from './values.ts';

const utf8 = new TextEncoder();
const nowMs = 1_700_000_000_000;
const record: Filterable = {
  topic: 'orders',
  partition: 3,
  offset: 258,
  timestampMs: nowMs - 60_000,
  key: utf8.encode('user-1'),
  value: utf8.encode('{"status":"FAILED","amount":12.5,"tags":["a","b"],"nested":{"deep":null}}'),
  headers: [
    { key: 'tenant', value: utf8.encode('a') },
    { key: 'empty', value: null },
  ],
};
const of = (expression: string, given: Filterable = record): unknown =>
  parseExpression(expression)(new RecordScope(given, nowMs));
const passes = (flags: Partial<Parameters<typeof filterOf>[0]>, given: Filterable = record): boolean =>
  filterOf({ grep: [], 'filter-key': undefined, filter: undefined, ...flags }, () => nowMs)?.(given) ?? true;

describe('--filter', () => {
  test.each([
    ['value.status == "FAILED" && headers.tenant == "a" && ts > now-1h', true],
    ['ts > now - 30s', false],
    ['ts < now - 30s', true],
    ["value.status == 'FAILED'", true],
    ['value.amount > 12 && value.amount <= 12.5', true],
    ['value.amount + 1 * 2 == 14.5', true],
    ['(value.amount + 1) * 2 == 27', true],
    ['-value.amount < 0', true],
    ['value["status"] == "FAILED"', true],
    ['value.tags[0] == "a" && value.tags[-1] == "b"', true],
    ['"b" in value.tags', true],
    ['value.status in ["OK", "FAILED"]', true],
    ['"tenant" in headers', true],
    ['headers.absent == null && headers.empty == null', true],
    ['value.nested.deep.deeper == null', true],
    ['!(partition == 3) || offset == 258', true],
    ['key.startsWith("user-") && key.endsWith("1") && topic.contains("der")', true],
    ['key.matches("^user-[0-9]+$")', true],
    ['size(value.tags) == 2 && key.size() == 6', true],
    ['value.status < 3', null],
    ['value.constructor == null && value.__proto__ == null', true],
    ['value.absent > 3', null],
  ])('%s', (expression, expected) => {
    expect(of(expression)).toBe(expected);
  });

  test('a value that is no JSON is text, a tombstone is null', () => {
    expect(of('value == "plain"', { ...record, value: utf8.encode('plain') })).toBe(true);
    expect(of('value == null && key != null', { ...record, value: null })).toBe(true);
  });

  test.each(['', 'value.', 'value ==', 'nope == 1', '(value', 'value.x(', 'key.eval("1")', '"open', '1 2', '[1', '@'])(
    'refuses %j and says where',
    (expression) => {
      expect(() => parseExpression(expression)).toThrow(FormatError);
    },
  );

  test('what is nested without end is refused, not followed', () => {
    expect(() => parseExpression(`${'('.repeat(5000)}1`)).toThrow(FormatError);
    expect(() => parseExpression(`${'!'.repeat(5000)}true`)).toThrow(FormatError);
  });

  test('any text either parses, and then gives something for every record, or is a FormatError', () => {
    const part = fc.constantFrom(
      'value',
      '.a',
      '[',
      ']',
      '(',
      ')',
      '==',
      '"x"',
      '1h',
      '5',
      ' in ',
      '!',
      '&&',
      'key',
      '.size()',
      '-',
      ',',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        try {
          of(parts.join(''));
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
    );
  });

  test('comparisons of numbers are those of JavaScript', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), (a, b) => {
        const json = { ...record, value: utf8.encode(JSON.stringify({ a, b })) };
        expect(of('value.a < value.b', json)).toBe(a < b);
        expect(of('value.a >= value.b', json)).toBe(a >= b);
        expect(of('value.a == value.b', json)).toBe(a === b);
      }),
    );
  });
});

describe('the quick filters', () => {
  test.each([
    [['k:^user'], true],
    [['k:^admin'], false],
    [['!k:^admin'], true],
    [['v:FAILED', 'h:tenant=^a$', 't:^ord'], true],
    [['v:FAILED', 'h:tenant=b'], false],
    [['h:absent=.*'], false],
    [['!h:absent=.*'], true],
  ])('-G %j', (grep, expected) => {
    expect(passes({ grep })).toBe(expected);
  });

  test.each([
    ['user-*', true],
    ['user-?', true],
    ['user', false],
    ['*.1', false],
    ['*', true],
  ])('--filter-key %s', (glob, expected) => {
    expect(passes({ 'filter-key': glob })).toBe(expected);
  });

  test('all that are given must match', () => {
    expect(passes({ grep: ['k:user'], 'filter-key': 'user-*', filter: 'partition == 3' })).toBe(true);
    expect(passes({ grep: ['k:user'], 'filter-key': 'user-*', filter: 'partition == 4' })).toBe(false);
  });

  test.each([{ grep: ['x:1'] }, { grep: ['k:('] }, { grep: ['h:=a'] }, { filter: 'value ==' }])(
    '%j is a usage error',
    (flags) => {
      expect(() => passes(flags)).toThrow(CliError);
    },
  );
});
