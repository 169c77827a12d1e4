import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OffsetRangeError, parseOffsetRange } from './offset-range.ts';

const now = 1_700_000_000_000;
const start = { type: 'start', plus: 0 };
const end = { type: 'end', minus: 0 };
const at = (timestampMs: number) => ({ type: 'time', timestampMs });
const offset = (value: number) => ({ type: 'offset', offset: value });

describe('offset ranges', () => {
  test.each([
    ['start', start, undefined],
    ['beginning', start, undefined],
    ['end', end, undefined],
    ['stored', { type: 'stored' }, undefined],
    ['42', offset(42), undefined],
    ['+5', { type: 'start', plus: 5 }, undefined],
    ['-10', { type: 'end', minus: 10 }, undefined],
    ['start+5', { type: 'start', plus: 5 }, undefined],
    ['end-3', { type: 'end', minus: 3 }, undefined],
    ['5:', offset(5), undefined],
    [':7', start, offset(7)],
    ['5:7', offset(5), offset(7)],
    [':end', start, end],
    ['-10:end', { type: 'end', minus: 10 }, end],
    ['@1700000000123', at(1_700_000_000_123), undefined],
    ['@1700000000', at(1_700_000_000_000), undefined],
    ['@1700000000123456789', at(1_700_000_000_123), undefined],
    ['@now', at(now), undefined],
    ['@-1h', at(now - 3_600_000), undefined],
    ['@-1h30m:end', at(now - 5_400_000), end],
    ['@-2h:1h', at(now - 7_200_000), at(now - 3_600_000)],
    ['@:1700000000123', start, at(1_700_000_000_123)],
    ['@2023-11-14', at(Date.UTC(2023, 10, 14)), undefined],
    ['@2023-11-14T22:13:20Z', at(1_700_000_000_000), undefined],
    ['@2023-11-14T22:13:20+01:00:2023-11-14T22:13:20Z', at(1_699_996_400_000), at(1_700_000_000_000)],
    ['s@1700000000123', at(1_700_000_000_123), undefined],
    ['e@1700000000123', start, at(1_700_000_000_123)],
    ['group:billing', { type: 'group', group: 'billing' }, undefined],
  ])('%s', (text, from, to) => {
    expect(parseOffsetRange(text, now)).toEqual({ from, to });
  });

  test.each([
    '',
    ' ',
    'tomorrow',
    '@',
    '@yesterday',
    '7:5',
    '@now:-1h',
    'group:',
    'start-5',
    'end+5',
    '99999999999999999999',
    '@2023-99-99T00:00:00Z',
  ])('refuses %j with a reason', (text) => {
    expect(() => parseOffsetRange(text, now)).toThrow(OffsetRangeError);
  });

  test('any text parses or is an OffsetRangeError', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'@:-+1234567890shmdTZendart.') }), (text) => {
        try {
          parseOffsetRange(text, now);
        } catch (error) {
          expect(error).toBeInstanceOf(OffsetRangeError);
        }
      }),
    );
  });
});
