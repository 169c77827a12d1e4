import { describe, expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { ClientErrorCode, KafkaError } from '../kafka-error.ts';
import { codecs } from './data-codec.ts';
import { decodeKey, decodeValue, encodeKey, encodeValue } from './data-format.ts';
import type { ConsumedRecord, RecordToSend } from './record-types.ts';
import { topic } from './topic.ts';

const text = (bytes: Uint8Array | null | Promise<Uint8Array | null>): string | null => {
  if (bytes instanceof Promise) throw new TypeError('a promise');
  return bytes === null ? null : new TextDecoder().decode(bytes);
};
const bytes = (content: string): Uint8Array => new TextEncoder().encode(content);
const place = { topic: 'orders', partition: 2, offset: 7 };

function errorOf(run: () => unknown): KafkaError {
  try {
    run();
  } catch (error) {
    if (error instanceof KafkaError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const orders = topic('orders', { key: z.string(), value: z.object({ id: z.string(), cents: z.int() }) });
const counted = topic('counted', { value: z.string().transform(Number), tombstones: true });
const raw = topic('raw', { codec: { key: codecs.bytes, value: codecs.bytes } });

describe('what is sent', () => {
  test('is checked, and written as it was given', () => {
    expect(text(encodeKey(orders, 'u1'))).toBe('u1');
    expect(text(encodeValue(orders, { id: 'a', cents: 5 }))).toBe('{"id":"a","cents":5}');
    expect(text(encodeValue(counted, '12'))).toBe('"12"');
  });

  test('that is invalid is refused by name and place', () => {
    const error = errorOf(() => encodeValue(orders, { id: 'a', cents: 'x' }));
    expect(error).toMatchObject({
      code: ClientErrorCode.INVALID_DATA,
      name: 'INVALID_DATA',
      topic: 'orders',
      retriable: false,
    });
    expect(error.message).toContain('cents');
    expect(errorOf(() => encodeKey(orders, undefined)).message).toContain('invalid key for orders');
  });

  test('may be null only where the topic has tombstones', () => {
    expect(encodeValue(counted, null)).toBe(null);
    expect(errorOf(() => encodeValue(orders, null)).code).toBe(ClientErrorCode.INVALID_DATA);
  });

  test('to a topic given by name is bytes, text or null', () => {
    expect(text(encodeValue('any', 'text'))).toBe('text');
    expect(encodeValue('any', null)).toBe(null);
    expect(encodeKey('any', undefined)).toBe(null);
    expect(errorOf(() => encodeValue('any', 5)).code).toBe(ClientErrorCode.INVALID_DATA);
  });

  test('cannot be what the codec cannot write', () => {
    expect(errorOf(() => encodeValue(topic('t'), undefined)).code).toBe(ClientErrorCode.INVALID_DATA);
    expect(errorOf(() => encodeValue(raw, 'text')).code).toBe(ClientErrorCode.INVALID_DATA);
  });
});

describe('what is read', () => {
  test('is what the schema gives', () => {
    expect(decodeKey(orders, bytes('u1'), { ...place, side: 'key' })).toBe('u1');
    expect(decodeValue(counted, bytes('"12"'), { ...place, side: 'value' })).toBe(12);
    expect(decodeValue(counted, null, { ...place, side: 'value' })).toBe(null);
  });

  test('that is invalid tells topic, partition and offset', () => {
    const error = errorOf(() => decodeValue(orders, bytes('{"id":1}'), { ...place, side: 'value' }));
    expect(error).toMatchObject({ code: ClientErrorCode.INVALID_DATA, ...place });
    expect(error.message).toContain('orders-2 at offset 7');
    expect(errorOf(() => decodeValue(orders, bytes('nonsense'), { ...place, side: 'value' })).message).toContain(
      'json',
    );
    expect(errorOf(() => decodeKey(orders, Uint8Array.of(0xff), { ...place, side: 'key' })).message).toContain(
      'string',
    );
    expect(errorOf(() => decodeValue(orders, null, { ...place, side: 'value' })).message).toContain('tombstones');
  });

  test('without a key is undefined to the schema', () => {
    const optional = topic('o', { key: z.string().optional() });
    expect(decodeKey(optional, null, { ...place, side: 'key' })).toBe(undefined);
    expect(errorOf(() => decodeKey(orders, null, { ...place, side: 'key' })).code).toBe(ClientErrorCode.INVALID_DATA);
    expect(decodeKey(counted, null, { ...place, side: 'key' })).toBe(null);
  });
});

describe('an asynchronous schema', () => {
  const value = z.string().refine(async (given) => given !== 'bad');

  test('is refused unless it was asked for', () => {
    expect(errorOf(() => encodeValue(topic('t', { value }), 'x')).message).toContain('asyncSchema: true');
  });

  test('is awaited where it was asked for', async () => {
    const asynchronous = topic('t', { value, asyncSchema: true });
    expect(text(await encodeValue(asynchronous, 'x'))).toBe('"x"');
    await expect(Promise.resolve(encodeValue(asynchronous, 'bad'))).rejects.toMatchObject({
      code: ClientErrorCode.INVALID_DATA,
    });
  });
});

test('the types follow from the schemas', () => {
  expectTypeOf<RecordToSend<typeof orders>['key']>().toEqualTypeOf<string>();
  expectTypeOf<RecordToSend<typeof orders>['value']>().toEqualTypeOf<{ id: string; cents: number }>();
  expectTypeOf<RecordToSend<typeof counted>['value']>().toEqualTypeOf<string | null>();
  expectTypeOf<ConsumedRecord<typeof counted>['value']>().toEqualTypeOf<number | null>();
  expectTypeOf<ConsumedRecord<typeof raw>['value']>().toEqualTypeOf<Uint8Array>();
  expectTypeOf<ConsumedRecord<'by-name'>['value']>().toEqualTypeOf<Uint8Array | null>();

  const record = (given: ConsumedRecord<typeof orders> | ConsumedRecord<typeof counted>): void => {
    if (given.topic === 'orders') expectTypeOf(given.value.cents).toEqualTypeOf<number>();
    else expectTypeOf(given.value).toEqualTypeOf<number | null>();
    // @ts-expect-error: no such topic among them
    if (given.topic === 'payments') throw new Error();
  };
  expect(record).toBeTypeOf('function');

  const accept = (_: RecordToSend<typeof orders>): void => {};
  accept({ key: 'u1', value: { id: 'a', cents: 5 } });
  // @ts-expect-error: the key is missing
  accept({ value: { id: 'a', cents: 5 } });
  // @ts-expect-error: the key is of another type
  accept({ key: 5, value: { id: 'a', cents: 5 } });
  // @ts-expect-error: the value is of another type
  accept({ key: 'u1', value: { id: 'a', cents: '5' } });
  // @ts-expect-error: null needs tombstones
  accept({ key: 'u1', value: null });
  const acceptCounted = (_: RecordToSend<typeof counted>): void => {};
  acceptCounted({ value: null });
  acceptCounted({ key: 'k', value: '1' });
  // @ts-expect-error: what is sent is the schema's input, not its output
  acceptCounted({ value: 1 });
});
