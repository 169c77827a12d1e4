import { describe, expect, test } from 'vitest';
import { CliError } from '../errors/cli-error.ts';
import { FormatError } from '../format/format-error.ts';
import type { RecordView } from '../records/record-view.ts';
import { lastOf, numberOf, parseKcatArguments } from './kcat-arguments.ts';
import { parseKcatFormat } from './kcat-format.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const record: RecordView = {
  topic: 'orders',
  partition: 3,
  offset: 258,
  leaderEpoch: 0,
  timestampMs: 1_700_000_000_045,
  timestampType: 'create',
  key: bytes('user-1'),
  value: bytes('päid'),
  headers: [
    { key: 'a', value: bytes('1') },
    { key: 'a', value: null },
  ],
  batchAttributes: 0,
  producerId: -1,
  producerEpoch: -1,
  logStartOffset: 0,
  lastStableOffset: 0,
  highWatermark: 0,
};

function show(format: string, of: RecordView = record, showsNull = false): Buffer {
  const out: Uint8Array[] = [];
  parseKcatFormat(format, { showsNull })(of, out);
  return Buffer.concat(out);
}

describe("kcat's letters", () => {
  test.each([
    [['-C', '-t', 'orders', '-eq', '-o-10']],
    [['-Ceqo', '-10', '-torders']],
    [['-t', 'orders', '-o', '-10', '-q', '-e', '-C']],
  ])('%j', (argv) => {
    const given = parseKcatArguments(argv);
    expect([...given.switches].sort()).toEqual(['C', 'e', 'q']);
    expect([lastOf(given, 't'), numberOf(given, 'o')]).toEqual(['orders', -10]);
  });

  test('operands may stand anywhere, and -- ends the letters', () => {
    const given = parseKcatArguments(['a', '-P', '-K', ':', 'b', '-', '--', '-c']);
    expect(given.operands).toEqual(['a', 'b', '-', '-c']);
    expect(lastOf(given, 'K')).toBe(':');
  });

  test.each([[['-W']], [['-P', '-K']], [['-Cü']]])('refuses %j', (argv) => {
    expect(() => parseKcatArguments(argv)).toThrow(CliError);
  });

  test('a number that is none is refused', () => {
    expect(() => numberOf(parseKcatArguments(['-c', '1x']), 'c')).toThrow(CliError);
  });
});

describe("kcat's format", () => {
  test.each([
    ['%t[%p]@%o %T\\n', 'orders[3]@258 1700000000045\n'],
    ['%k=%s', 'user-1=päid'],
    ['%K %S', '6 5'],
    ['%h', 'a=1,a=NULL'],
    ['100%% \\x41\\101\\t', '100% AA\t'],
  ])('%s', (format, expected) => {
    expect(show(format).toString()).toBe(expected);
  });

  test('null is nothing, -1 long, and NULL where that is asked for', () => {
    const nothing = { ...record, key: null, value: null };
    expect(show('[%k|%s|%K|%S]', nothing).toString()).toBe('[||-1|-1]');
    expect(show('[%k|%s]', nothing, true).toString()).toBe('[NULL|NULL]');
    expect(show('%R', nothing)).toEqual(Buffer.from('ffffffff', 'hex'));
    expect(show('%R')).toEqual(Buffer.from('00000005', 'hex'));
  });

  test.each(['%', '%q', '%v', '\\q'])('refuses %s', (format) => {
    expect(() => parseKcatFormat(format, { showsNull: false })).toThrow(FormatError);
  });
});
