import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RecordView } from '../records/record-view.ts';
import { FormatError } from './format-error.ts';
import { formatRecord } from './format-record.ts';
import { bitsOf, decodeNumber, encodeNumber, numberEncodings } from './number-encoding.ts';
import { parseFormat } from './parse-format.ts';

const utf8 = new TextEncoder();
const record: RecordView = {
  topic: 'orders',
  partition: 3,
  offset: 258,
  leaderEpoch: 7,
  timestampMs: Date.UTC(2023, 10, 14, 22, 13, 20, 45),
  timestampType: 'create',
  key: utf8.encode('user-1'),
  value: utf8.encode('päid'),
  headers: [
    { key: 'a', value: utf8.encode('1') },
    { key: 'a', value: null },
  ],
  batchAttributes: 0b10011,
  producerId: 4000,
  producerEpoch: 2,
  logStartOffset: 5,
  lastStableOffset: 299,
  highWatermark: 300,
};

function show(format: string, of: RecordView = record): string {
  const out: Uint8Array[] = [];
  formatRecord(parseFormat(format), of, 9, out);
  return Buffer.concat(out).toString('utf8');
}

describe('the format language', () => {
  test.each([
    ['%t %k %v\\n', 'orders user-1 päid\n'],
    ['%T %K %V %H', '6 6 5 2'],
    ['%p/%o@%e', '3/258@7'],
    ['%x %y %i', '4000 2 9'],
    ['%[ %| %]', '5 299 300'],
    ['%d', '1700000000045'],
    ['%d{go[2006-01-02T15:04:05.000Z07:00]}', '2023-11-14T22:13:20.045Z'],
    ['%d{strftime[%F %T]}', '2023-11-14 22:13:20'],
    ['%d{strftime##[%H]##}', '[22]'],
    ['%h{%k=%v;}', 'a=1;a=;'],
    ['%k{hex} %k{base64} %v{base64raw}', '757365722d31 dXNlci0x cMOkaWQ'],
    ['%p{hex8} %p{bool} %o{hex16}', '03 true 0102'],
    ['%a{compression} %a{compression;number}', 'lz4 3'],
    [
      '%a{compression} %a{compression;hex8} %a{transactional-bit} %a{timestamp-type} %a{control-bit}',
      'lz4 03 Transactional CreateTime NonControl',
    ],
    ['100%% %{%}', '100% {}'],
    ['\\t\\x41\\\\', '\tA\\'],
    ['%k{unpack[cccc]}', 'user'],
  ])('%s', (format, expected) => {
    expect(show(format)).toBe(expected);
  });

  test.each(['%', '%q', '%h', '%h{%k', '%k{what}', '%o{nope}', '%d{go[2006}', '\\x4', '\\q', '%a', '%a{x}'])(
    'refuses %s with a position',
    (format) => {
      expect(() => parseFormat(format)).toThrow(FormatError);
    },
  );

  test('a null key or value prints nothing', () => {
    expect(show('[%k|%v|%K]', { ...record, key: null, value: null })).toBe('[||0]');
  });

  test('bytes pass through unchanged', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (value) => {
        const out: Uint8Array[] = [];
        formatRecord(parseFormat('%v'), { ...record, value }, 0, out);
        expect(Buffer.concat(out).equals(Buffer.from(value))).toBe(true);
      }),
    );
  });

  test('any text either parses or is a FormatError', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'%{}[]#\\xhkvtd;ago61 ') }), (text) => {
        try {
          show(text);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
    );
  });

  test('fixed-width numbers read back', () => {
    fc.assert(
      fc.property(fc.constantFrom(...numberEncodings), fc.nat(), (encoding, value) => {
        const bits = bitsOf(encoding);
        const kept =
          encoding === 'bool' ? Math.min(value, 1) : bits === 0 ? value : Number(BigInt.asUintN(bits, BigInt(value)));
        expect(decodeNumber(encodeNumber(value, encoding), encoding)).toBe(kept);
      }),
    );
  });
});
