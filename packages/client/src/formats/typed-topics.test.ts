import { expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { type AvroOrder, avroOrder, type JsonOrder, jsonOrder, OrderSchema } from '../../tests/registry/acme.ts';
import type { Order } from '../../tests/registry/acme.ts';
import type { Consumer } from '../consumer/consumer.ts';
import type { Producer } from '../producer/producer.ts';
import type { SchemaRegistry } from '../registry/schema-registry.ts';
import { codecs, type DataCodec, type PlainCodec } from '../topic/data-codec.ts';
import type { ConsumedRecord, RecordToSend } from '../topic/record-types.ts';
import { topic } from '../topic/topic.ts';
import { avro } from './avro.ts';
import { jsonSchema } from './json-schema.ts';
import { protobuf } from './protobuf.ts';

// What does not compile. The compiler is the test: an expected error that is none fails `tsc`.

declare const registry: SchemaRegistry;

/** Never run. */
export async function whatCompiles(producer: Producer, consumer: Consumer): Promise<void> {
  const orders = topic('orders', { codec: { key: codecs.string, value: protobuf(OrderSchema, { registry }) } });
  const lines = topic('lines', { codec: { key: avro<number>('long'), value: jsonSchema<JsonOrder>(jsonOrder) } });
  const checked = topic('checked', {
    value: z.object({ id: z.string(), cents: z.string().transform(Number) }),
    codec: { value: avro<{ id: string; cents: string }>(avroOrder, { registry }) },
  });

  expectTypeOf(protobuf(OrderSchema)).toEqualTypeOf<PlainCodec<Order>>();
  expectTypeOf(protobuf(OrderSchema, { registry })).toEqualTypeOf<DataCodec<Order>>();
  expectTypeOf(avro<AvroOrder>(avroOrder)).toEqualTypeOf<PlainCodec<AvroOrder>>();
  expectTypeOf<RecordToSend<typeof orders>['value']>().toEqualTypeOf<Order>();
  expectTypeOf<ConsumedRecord<typeof orders>['value']>().toEqualTypeOf<Order>();
  expectTypeOf<ConsumedRecord<typeof lines>['key']>().toEqualTypeOf<number | null>();
  expectTypeOf<ConsumedRecord<typeof lines>['value']>().toEqualTypeOf<JsonOrder>();
  expectTypeOf<RecordToSend<typeof checked>['value']>().toEqualTypeOf<{ id: string; cents: string }>();
  expectTypeOf<ConsumedRecord<typeof checked>['value']>().toEqualTypeOf<{ id: string; cents: number }>();

  const order = { $typeName: 'acme.Order', id: 'a', cents: 1n } as const;
  await producer.send(orders, { key: 'k', value: order });
  // @ts-expect-error: the key is of another type
  await producer.send(orders, { key: 5, value: order });
  // @ts-expect-error: the value is of another message
  await producer.send(orders, { value: { $typeName: 'acme.Customer', name: 'c' } });
  // @ts-expect-error: a long of Protobuf is a bigint
  await producer.send(orders, { value: { ...order, cents: 1 } });
  // @ts-expect-error: null needs tombstones
  await producer.send(orders, { value: null });
  // @ts-expect-error: one of several is of another type
  await producer.sendBatch(lines, [{ value: { id: 'a', cents: 1 } }, { value: { id: 'a' } }]);
  // @ts-expect-error: the key is a number here
  await producer.send(lines, { key: 'k', value: { id: 'a', cents: 1 } });
  // @ts-expect-error: what is sent is what the schema takes
  await producer.send(checked, { value: { id: 'a', cents: 1 } });

  for await (const record of consumer.read(orders, lines)) {
    // @ts-expect-error: no such topic among them
    if (record.topic === 'payments') return;
    if (record.topic === 'orders') expectTypeOf(record.value.cents).toEqualTypeOf<bigint>();
    else expectTypeOf(record.value.cents).toEqualTypeOf<number>();
    // @ts-expect-error: not before it is told which topic it is
    record.value.customer?.name;
  }
  // @ts-expect-error: without a registry there is nothing to register with
  avro(avroOrder, { registration: 'lookUp' });
  // @ts-expect-error: no JSON Schema
  jsonSchema('object');
  // @ts-expect-error: no message of Protobuf
  protobuf(avroOrder);
}

test('types are checked by the compiler', () => {
  expect(whatCompiles).toBeTypeOf('function');
});
