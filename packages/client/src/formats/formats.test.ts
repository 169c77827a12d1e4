import { create } from '@bufbuild/protobuf';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CustomerSchema, EnvelopeSchema, jsonOrder, LineSchema } from '../../tests/registry/acme.ts';
import { avro, type AvroSchema } from './avro.ts';
import { jsonSchema } from './json-schema.ts';
import { protobuf } from './protobuf.ts';

const record = (...fields: readonly { readonly name: string; readonly type: AvroSchema; default?: unknown }[]) => ({
  type: 'record' as const,
  name: 'R',
  fields: [...fields],
});

describe('avro', () => {
  const tree = record(
    { name: 'name', type: 'string' },
    { name: 'size', type: 'long' },
    { name: 'children', type: { type: 'array', items: 'R' } },
    { name: 'labels', type: { type: 'map', values: ['null', 'string'] } },
  );
  interface Tree {
    name: string;
    size: number;
    children: Tree[];
    labels: Record<string, string | null>;
  }
  const trees = fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.record({
      name: fc.string(),
      size: fc.maxSafeInteger(),
      children: fc.oneof({ maxDepth: 3 }, fc.constant<Tree[]>([]), fc.array(tie('tree'), { maxLength: 3 })),
      labels: fc.dictionary(
        fc.string().filter((key) => key !== '__proto__'),
        fc.option(fc.string()),
        { maxKeys: 3, noNullPrototype: true },
      ),
    }),
  })).tree;

  test('reads what it wrote', () => {
    const codec = avro<Tree>(tree);
    fc.assert(
      fc.property(trees, (given) => {
        expect(plain(codec.decode(codec.encode(given)))).toEqual(given);
      }),
    );
  });

  test('writes records larger than its scratch memory', () => {
    const codec = avro<string>('string');
    for (const length of [4094, 4095, 4096, 100_000, 3_000_000, 10]) {
      expect(codec.decode(codec.encode('x'.repeat(length)))).toHaveLength(length);
    }
  });

  test('ends soon with whatever bytes', () => {
    const codec = avro<Tree>(tree);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          expect(plain(codec.decode(codec.encode(codec.decode(bytes))))).toEqual(plain(codec.decode(bytes)));
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
  });

  test('does not believe counts', () => {
    // 2^62 items, which `avsc` alone would begin to read.
    const count = Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01);
    for (const items of ['string', 'null', 'double', 'boolean', record()] as const) {
      for (const type of [{ type: 'array', items } as const, { type: 'map', values: items } as const]) {
        expect(() => avro(type).decode(count), JSON.stringify(type)).toThrow(RangeError);
      }
    }
    // Within the record's length in all, and yet a thousand million nulls.
    const nulls = Uint8Array.from([
      0xa0,
      0x9c,
      0x01,
      ...Array.from({ length: 10_000 }, () => [0x80, 0xb5, 0x18, 0]).flat(),
      0,
    ]);
    expect(() => avro({ type: 'array', items: { type: 'array', items: 'null' } }).decode(nulls)).toThrow('no bytes');
    expect(avro({ type: 'array', items: 'null' }).decode(Uint8Array.of(6, 0))).toEqual([null, null, null]);
    // A block with its size.
    expect(avro({ type: 'array', items: 'int' }).decode(Uint8Array.of(3, 4, 2, 4, 0))).toEqual([1, 2]);
  });

  test('says which fields are wrong', () => {
    const wrong = { name: 'x', size: 1.5, children: 'no', labels: {} };
    expect(() => avro<unknown>(tree).encode(wrong)).toThrow('size is no long; children is no array');
  });

  test('never rounds: a long is a number where it can be, or a bigint', () => {
    const exact = avro<bigint>('long', { longs: 'bigint' });
    for (const long of [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n)]) expect(exact.decode(exact.encode(long))).toBe(long);
    expect(() => exact.encode(2n ** 63n)).toThrow();
    const safe = avro<number>('long');
    fc.assert(
      fc.property(fc.maxSafeInteger(), (long) => {
        expect(safe.decode(exact.encode(BigInt(long)))).toBe(long);
        expect(exact.decode(safe.encode(long))).toBe(BigInt(long));
      }),
    );
    // `avsc` itself makes the first of these 2^52.
    for (const long of [-(2 ** 52) - 1, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, -1, 0, 2 ** 32, -(2 ** 32)]) {
      expect(safe.decode(safe.encode(long))).toBe(long);
    }
    for (const long of [2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n]) {
      expect(() => safe.decode(exact.encode(long))).toThrow('bigint');
      expect(() => safe.encode(Number(long))).toThrow();
    }
  });
});

describe('protobuf', () => {
  test('reads what it wrote, and refuses other messages', () => {
    const codec = protobuf(EnvelopeSchema);
    const given = create(EnvelopeSchema, { counts: { a: 1 } });
    expect(codec.decode(codec.encode(given))).toEqual(given);
    expect(() => codec.encode(create(LineSchema) as never)).toThrow('acme.Envelope.Line');
    expect(() => codec.encode({ counts: {} } as never)).toThrow('create');
    expect(() => codec.encode(null as never)).toThrow('no message');
    expect(() => protobuf(CustomerSchema).decode(Uint8Array.of(0x0a, 0x7f, 1))).toThrow();
  });
});

describe('json schema', () => {
  const codec = jsonSchema<unknown>(jsonOrder);

  test('checks both ways, saying where', () => {
    const given = { id: 'ö', cents: 3 };
    expect(codec.decode(codec.encode(given))).toEqual(given);
    expect(() => codec.encode({ id: 'a', cents: -1 })).toThrow('/cents must be >= 0');
    expect(() => codec.decode(new TextEncoder().encode('{"id":"a"}'))).toThrow("'cents'");
    expect(() => codec.decode(new TextEncoder().encode('{'))).toThrow(SyntaxError);
    expect(() => codec.encode(undefined)).toThrow('undefined');
  });

  test('checks what is written, not what it is made of', () => {
    const text = jsonSchema<unknown>({
      type: 'object',
      properties: { at: { type: 'string' } },
      additionalProperties: false,
    });
    const at = new Date(5);
    expect(text.decode(text.encode({ at, gone: undefined }))).toEqual({ at: at.toJSON() });
    expect(() => jsonSchema<unknown>({ type: 'object' }).encode(at)).toThrow('must be object');
    expect(() => jsonSchema<unknown>({ type: 'number' }).encode(Number.NaN)).toThrow('must be number');
  });

  test('takes references, drafts and a validator of one’s own', () => {
    const references = [{ name: 'money.json', schema: { type: 'integer', minimum: 1 } }];
    for (const $schema of [
      'http://json-schema.org/draft-07/schema#',
      'https://json-schema.org/draft/2019-09/schema',
      'https://json-schema.org/draft/2020-12/schema',
    ]) {
      const money = jsonSchema<unknown>({ $schema, properties: { cents: { $ref: 'money.json' } } }, { references });
      expect(money.decode(money.encode({ cents: 1 }))).toEqual({ cents: 1 });
      expect(() => money.encode({ cents: 0 })).toThrow('/cents');
    }
    const ajv = new Ajv().addFormat('even', { type: 'number', validate: (given: number) => given % 2 === 0 });
    expect(() => jsonSchema<unknown>({ type: 'number', format: 'even' }, { ajv }).encode(3)).toThrow('even');
    expect(() => jsonSchema({ type: 'nonsense' })).toThrow();
  });
});

/** Records as plain objects, whatever class they were made with. */
function plain(data: unknown): unknown {
  return JSON.parse(JSON.stringify(data));
}
