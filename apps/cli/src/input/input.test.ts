import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FormatError } from '../format/format-error.ts';
import { formatRecord } from '../format/format-record.ts';
import { parseFormat } from '../format/parse-format.ts';
import { checkReadable } from '../format/read-plan.ts';
import type { RecordView } from '../records/record-view.ts';
import type { ProduceRecord } from './produce-record.ts';
import { readCsv } from './read-csv.ts';
import { readEnvelopes } from './read-envelopes.ts';
import { readFormatted } from './read-formatted.ts';
import { readJson } from './read-json.ts';
import { RecordTooLongError, readLines } from './read-lines.ts';
import { readWhole } from './read-whole.ts';

const utf8 = new TextEncoder();

async function* chunked(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (let index = 0; at < bytes.length; index++) {
    const size = sizes.length === 0 ? bytes.length : (sizes[index % sizes.length] ?? 1);
    yield bytes.slice(at, at + size);
    at += size;
  }
}

async function all(records: AsyncIterable<readonly ProduceRecord[]>): Promise<ProduceRecord[]> {
  const found: ProduceRecord[] = [];
  for await (const some of records) found.push(...some);
  return found;
}

const text = (bytes: Uint8Array | null | undefined): string | null => (bytes ? new TextDecoder().decode(bytes) : null);
const newline = Uint8Array.of(10);
const lines = (input: string, keyDelimiter?: string, sizes: readonly number[] = []) =>
  all(
    readLines(chunked(utf8.encode(input), sizes), {
      delimiter: newline,
      keyDelimiter: keyDelimiter === undefined ? undefined : utf8.encode(keyDelimiter),
      maxRecordBytes: 1000,
    }),
  );
const formatted = (format: string, input: Uint8Array | string, sizes: readonly number[] = []) => {
  const parts = parseFormat(format);
  checkReadable(parts);
  return all(readFormatted(chunked(typeof input === 'string' ? utf8.encode(input) : input, sizes), parts, 1_000_000));
};

describe('lines', () => {
  test('are records, with or without a last newline', async () => {
    expect((await lines('a\nb\n\nc')).map((record) => text(record.value))).toEqual(['a', 'b', '', 'c']);
    expect(await lines('')).toEqual([]);
  });

  test('are split at the first key delimiter', async () => {
    const [first, second] = await lines('k:v:w\nplain\n', ':');
    expect([text(first?.key), text(first?.value)]).toEqual(['k', 'v:w']);
    expect([second?.key, text(second?.value)]).toEqual([null, 'plain']);
  });

  test('do not depend on how the stream is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ maxLength: 20 }).map((s) => s.replaceAll('\n', ' '))),
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
        async (values, sizes) => {
          const read = await lines(values.map((value) => `${value}\n`).join(''), undefined, sizes);
          expect(read.map((record) => text(record.value))).toEqual(
            values.map((value) => new TextDecoder().decode(utf8.encode(value))),
          );
        },
      ),
    );
  });

  test('end at a delimiter of several bytes, wherever it is cut', async () => {
    for (const sizes of [[], [1], [2], [3]]) {
      const chunks = chunked(utf8.encode('one--two----three-'), sizes);
      const read = await all(
        readLines(chunks, { delimiter: utf8.encode('--'), keyDelimiter: undefined, maxRecordBytes: 99 }),
      );
      expect(read.map((record) => text(record.value))).toEqual(['one', 'two', '', 'three-']);
    }
  });

  test('have a bound', async () => {
    await expect(lines('x'.repeat(2000), undefined, [100])).rejects.toThrow(RecordTooLongError);
  });
});

describe('formatted input', () => {
  test.each([
    [
      '%k %v\\n',
      'a 1\nb 2',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    [
      '%K{3}%k%V{2}%v',
      '001a02xy003bcd01z',
      [
        ['a', 'xy'],
        ['bcd', 'z'],
      ],
    ],
    [
      '%v{json}\\n',
      '{"a":"}"}\n[1,\n2]\n',
      [
        [null, '{"a":"}"}'],
        [null, '[1,\n2]'],
      ],
    ],
    ['%k{hex}=%v{base64};', '6162=Y2Q=;', [['ab', 'cd']]],
    [
      '%v{re#[a-z]+#}\\n',
      'abc\nde\n',
      [
        [null, 'abc'],
        [null, 'de'],
      ],
    ],
  ])('%s', async (format, input, expected) => {
    for (const sizes of [[], [1], [3]]) {
      const read = await formatted(format, input, sizes);
      expect(read.map((record) => [text(record.key), text(record.value)])).toEqual(expected);
    }
  });

  test('sets topic, partition, timestamp and headers', async () => {
    const [record] = await formatted('%t %p %d %H %h{%k=%v,}%v\\n', 'orders 3 1700000000000 2 a=1,b=2,rest\n');
    expect([record?.topic, record?.partition, record?.timestamp, text(record?.value)]).toEqual([
      'orders',
      3,
      1_700_000_000_000,
      'rest',
    ]);
    expect(record?.headers.map((header) => [header.key, text(header.value)])).toEqual([
      ['a', '1'],
      ['b', '2'],
    ]);
  });

  test('refuses formats that cannot be read, and input that does not follow', async () => {
    for (const format of ['%k%v', '%h{%k=%v}', '%a{compression}', '%v{unpack[b]}', '%d{go[2006]}\\n'])
      expect(() => checkReadable(parseFormat(format))).toThrow(FormatError);
    await expect(formatted('%p %v\\n', 'x y\n')).rejects.toThrow(FormatError);
    await expect(formatted('%V{4}%v', '0009abc')).rejects.toThrow(FormatError);
    await expect(formatted('a%v\\n', 'b\n')).rejects.toThrow(FormatError);
  });

  test('reads back what the same sized format wrote', async () => {
    const format = '%K{big32}%k%V{big32}%v%H{byte}%h{%K{big16}%k%V{big16}%v}%d{big64}%p{little32}';
    const record = fc.record({
      key: fc.uint8Array(),
      value: fc.uint8Array(),
      headers: fc.array(fc.record({ key: fc.string(), value: fc.uint8Array() }), { maxLength: 5 }),
      timestampMs: fc.nat(),
      partition: fc.nat(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(record, { maxLength: 5 }), fc.integer({ min: 1, max: 50 }), async (records, size) => {
        const out: Uint8Array[] = [];
        const rest: Omit<RecordView, keyof (typeof records)[number]> = {
          topic: 't',
          offset: 0,
          leaderEpoch: 0,
          timestampType: 'create',
          batchAttributes: 0,
          producerId: -1,
          producerEpoch: -1,
          logStartOffset: 0,
          lastStableOffset: 0,
          highWatermark: 0,
        };
        for (const one of records) formatRecord(parseFormat(format), { ...rest, ...one }, 0, out);
        const read = await formatted(format, Buffer.concat(out), [size]);
        const plain = (one: ProduceRecord) => [
          Buffer.from(one.key ?? []),
          Buffer.from(one.value ?? []),
          one.timestamp,
          one.partition,
          one.headers.map((header) => [header.key, Buffer.from(header.value ?? [])]),
        ];
        const wellFormed = (key: string): string => new TextDecoder().decode(utf8.encode(key));
        expect(read.map(plain)).toEqual(
          records.map(({ timestampMs: timestamp, ...one }) =>
            plain({
              ...one,
              timestamp,
              headers: one.headers.map((header) => ({ ...header, key: wellFormed(header.key) })),
            }),
          ),
        );
      }),
      { numRuns: 50 },
    );
  });
});

describe('JSON values', () => {
  const json = (input: string, sizes: readonly number[] = []) =>
    all(readJson(chunked(utf8.encode(input), sizes), 1_000_000));

  test('are records as they stand, whatever lies between them, however the stream is cut', async () => {
    const input = '\n{"a":\n  "}"}[1,\n2]  "x y"\n-1.5e3 null\ttrue\n';
    for (const sizes of [[], [1], [3]]) {
      const values = (await json(input, sizes)).map((record) => text(record.value));
      expect(values).toEqual(['{"a":\n  "}"}', '[1,\n2]', '"x y"', '-1.5e3', 'null', 'true']);
    }
    expect(await json(' \n')).toEqual([]);
  });

  test.each(['{"a":1', 'nope', '{"a":1}\n{"b":}', '[1 2]'])('refuses %s', async (input) => {
    await expect(json(input)).rejects.toThrow(FormatError);
  });
});

describe('CSV', () => {
  const csv = (input: string, sizes: readonly number[] = []) =>
    all(readCsv(chunked(utf8.encode(input), sizes), 1_000_000));

  test('columns with names of their own are the parts of a record', async () => {
    const input =
      '\ufeffkey,value,header:h,partition,timestamp,topic\r\nk,"a ""b"",\r\nc",x,2,1700000000000,other\r\n,,,,,\r\n';
    for (const sizes of [[], [1], [7]]) {
      const [first, second, ...others] = await csv(input, sizes);
      expect(others).toEqual([]);
      expect([text(first?.key), text(first?.value)]).toEqual(['k', 'a "b",\r\nc']);
      expect([first?.partition, first?.timestamp, first?.topic]).toEqual([2, 1_700_000_000_000, 'other']);
      expect(first?.headers.map(({ key, value }) => [key, text(value)])).toEqual([['h', 'x']]);
      expect(second).toEqual({ key: null, value: new Uint8Array(0), headers: [] });
    }
  });

  test('without a value column the other columns are a JSON object', async () => {
    const [record] = await csv('key,id,name\nk,1,"O\'Neil"\n');
    expect([text(record?.key), text(record?.value)]).toEqual(['k', '{"id":"1","name":"O\'Neil"}']);
  });

  test.each([
    ['value,other\na,b\n', /header:other/],
    ['key,key\na,b\n', /two columns/],
    ['value,partition\na,x\n', /row 2: partition "x"/],
    ['value,key\na\n', /line 2/],
    ['value\n"a', /quote/i],
  ])('refuses %j', async (input, why) => {
    await expect(csv(input)).rejects.toThrow(why);
  });
});

describe('envelopes and whole inputs', () => {
  test('an envelope error names its line', async () => {
    await expect(all(readEnvelopes(chunked(utf8.encode('{"value":"a"}\n\nnope\n'), [4]), 1000))).rejects.toThrow(
      /line 3/,
    );
  });

  test('a whole input is one record', async () => {
    expect((await all(readWhole(chunked(utf8.encode('a\nb'), [1]), 1000))).map((record) => text(record.value))).toEqual(
      ['a\nb'],
    );
  });
});
