import { describe, expect, expectTypeOf, test } from 'vitest';
import { ProtocolError } from '../wire/protocol-error.ts';
import { Reader } from '../wire/reader.ts';
import { Writer } from '../wire/writer.ts';
import { closures } from './closures.ts';
import { compileSource, type RawCodec } from './compile.ts';
import {
  array,
  bytes,
  type Decoded,
  type Encodable,
  int16,
  int32,
  int64,
  int64Exact,
  records,
  string,
  struct,
  uuid,
} from './field.ts';
import { message } from './message.ts';

const fields = {
  name: string,
  epoch: int32.since(1).default(-1),
  hint: string.nullable().since(1).default(null).ignorable(),
  owners: array({ id: int32, host: string.until(1) }),
  cookie: int64Exact.since(2),
  leader: struct({ id: int32.default(-1), epoch: int32.default(-1) }).tag(0, 2),
  replicas: array(int32).tag(2, 2),
  extra: struct({ note: string }).nullable().tag(1, 2).default(null),
  data: records.nullable(1).default(null),
};
const Sample = message('Sample', [0, 3], 2, fields);

const ways: readonly (readonly [string, (version: number) => RawCodec])[] = [
  ['compiled', (version) => compileSource('Sample', Sample.spec, version, version >= 2)],
  ['closures', (version) => closures(Sample.spec, version, version >= 2)],
];

describe.each(ways)('%s', (_, codecOf) => {
  const encode = (version: number, value: Encodable<typeof fields>): string => {
    const writer = new Writer();
    codecOf(version).encode(writer, value);
    return Buffer.from(writer.toBytes()).toString('hex');
  };
  const decode = (version: number, hex: string): unknown =>
    codecOf(version).decode(new Reader(Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))));
  const least = { name: 'a', owners: [], data: new Uint8Array(0) };

  test('an old version: fields it lacks are dropped, and come back as defaults', () => {
    const hex = encode(0, { ...least, owners: [{ id: 1, host: 'h' }], hint: 'dropped' });
    expect(hex).toBe('000161 00000001 00000001 000168 00000000'.replaceAll(' ', ''));
    expect(decode(0, hex)).toEqual({
      name: 'a',
      epoch: -1,
      hint: null,
      owners: [{ id: 1, host: 'h' }],
      cookie: 0n,
      leader: { id: -1, epoch: -1 },
      replicas: [],
      extra: null,
      data: new Uint8Array(0),
    });
  });

  test('a value that would be lost is refused', () => {
    expect(() => encode(0, { ...least, epoch: 5 })).toThrow('the version has no field epoch');
    expect(() => encode(0, { ...least, replicas: [1] })).toThrow(ProtocolError);
    expect(() => encode(0, { ...least, extra: { note: '' } })).toThrow(ProtocolError);
    expect(() => encode(0, { ...least, leader: { id: 1, epoch: -1 } })).toThrow(ProtocolError);
    expect(() => encode(0, { ...least, cookie: 1n })).toThrow(ProtocolError);
    expect(() => encode(2, { ...least, owners: [{ id: 1, host: 'h' }] })).toThrow('the version has no field host');
    expect(encode(0, { ...least, epoch: -1, replicas: [], leader: {}, extra: null, cookie: 0n })).toBe(
      encode(0, least),
    );
  });

  test('null where the version has none is refused', () => {
    expect(() => encode(0, { ...least, data: null })).toThrow('null in a field that cannot be null');
    expect(() => encode(0, { name: 'a', owners: [] })).toThrow('null in a field that cannot be null');
    expect(encode(1, { name: 'a', owners: [] })).toBe('000161 ffffffff ffff 00000000 ffffffff'.replaceAll(' ', ''));
  });

  test('tagged fields go in the order of their tags, defaults are left out', () => {
    expect(encode(2, { name: 'a', owners: [] })).toBe('0261 ffffffff 00 01 0000000000000000 00 00'.replaceAll(' ', ''));
    const full = { name: 'a', owners: [], replicas: [7], extra: { note: 'n' }, leader: { id: 3 } };
    const hex = encode(2, full);
    expect(hex).toBe(
      '0261 ffffffff 00 01 0000000000000000 00 03 00 09 00000003 ffffffff 00 01 04 01 026e 00 02 05 02 00000007'.replaceAll(
        ' ',
        '',
      ),
    );
    expect(decode(2, hex)).toMatchObject({ replicas: [7], extra: { note: 'n' }, leader: { id: 3, epoch: -1 } });
  });

  test('an unknown tag is skipped; a known one may be shorter than its size and never longer', () => {
    const start = '0261 ffffffff 00 01 0000000000000000 00';
    expect(decode(2, `${start} 02 02 05 02 00000007 63 02 abcd`)).toMatchObject({ replicas: [7] });
    expect(decode(2, `${start} 01 02 06 02 00000007 ff`)).toMatchObject({ replicas: [7] });
    expect(() => decode(2, `${start} 01 02 04 02 00000007`)).toThrow(ProtocolError);
  });

  test('a struct that a tagged field says is null is null: Kafka writes such', () => {
    const start = '0261 ffffffff 00 01 0000000000000000 00';
    expect(decode(2, `${start} 01 01 01 00`)).toMatchObject({ extra: null });
  });

  test('int64Exact keeps every bit', () => {
    const cookie = -(2n ** 63n) + 1n;
    expect(decode(3, encode(3, { ...least, cookie }))).toMatchObject({ cookie });
  });

  test('defaults are shared and frozen', () => {
    const value = decode(0, encode(0, least)) as Decoded<typeof fields>;
    expect(Object.isFrozen(value.leader)).toBe(true);
    expect(Object.isFrozen(value.replicas)).toBe(true);
  });

  test('records are a view of the input', () => {
    const input = Uint8Array.from(Buffer.from(encode(1, { ...least, data: Uint8Array.of(1, 2, 3) }), 'hex'));
    const value = codecOf(1).decode(new Reader(input)) as Decoded<typeof fields>;
    expect(value.data?.buffer).toBe(input.buffer);
  });
});

test('errors name the message, its version and the place', () => {
  expect(() => Sample.codec(1).decode(new Reader(new Uint8Array(1)))).toThrow(
    expect.objectContaining({ messageName: 'Sample', version: 1, position: 0 }),
  );
  expect(() => Sample.codec(4)).toThrow('Sample v4: no such version, known are 0 to 3');
  expect(() => Sample.codec(-1)).toThrow(ProtocolError);
  expect(() => Sample.codec(0.5)).toThrow(ProtocolError);
});

test('a codec is made once', () => {
  expect(Sample.codec(2)).toBe(Sample.codec(2));
});

test('types come from the schema', () => {
  const shape = {
    a: int32,
    b: string.nullable().default(null),
    c: array({ d: uuid, e: bytes.since(3) }),
    f: records,
    g: int64.tag(0, 1),
    h: struct({ i: int16 }).nullable(),
  };
  expectTypeOf<Decoded<typeof shape>>().toEqualTypeOf<{
    readonly a: number;
    readonly b: string | null;
    readonly c: readonly { readonly d: string; readonly e: Uint8Array }[];
    readonly f: Uint8Array;
    readonly g: number;
    readonly h: { readonly i: number } | null;
  }>();
  type Input = Encodable<typeof shape>;
  expectTypeOf<Pick<Input, 'a' | 'c' | 'f' | 'h'>>().toExtend<{ readonly a: number }>();
  expectTypeOf<{ a: number; c: { d: string }[]; f: { sizeBytes: number }; h: null }>().toExtend<Input>();
  expectTypeOf<{ c: []; f: Uint8Array; h: null }>().not.toExtend<Input>();
});
