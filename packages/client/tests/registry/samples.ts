import { create } from '@bufbuild/protobuf';
import { avro } from '../../src/formats/avro.ts';
import { jsonSchema } from '../../src/formats/json-schema.ts';
import { protobuf } from '../../src/formats/protobuf.ts';
import type { Registration } from '../../src/registry/local-schema.ts';
import type { SchemaRegistry } from '../../src/registry/schema-registry.ts';
import type { DataCodec } from '../../src/topic/data-codec.ts';
import { type AvroOrder, avroCustomer, avroOrder, jsonOrder, LineSchema, OrderSchema } from './acme.ts';

/** A value, how it is written, and what every reader must make of it, as JSON (numbers of 64 bits as text). */
export interface Sample {
  readonly topic: string;
  readonly codec: DataCodec<unknown>;
  readonly data: unknown;
  readonly json: unknown;
}

/** The same values that the Python program writes, each to a topic of its own. */
export function samples(registry: SchemaRegistry, registration: Registration): readonly Sample[] {
  const options = { registry, registration };
  const references = [{ schema: avroCustomer, subject: 'customers' }];
  const order: AvroOrder = {
    id: 'ö-1',
    cents: 4_503_599_627,
    note: null,
    lines: ['a', 'bb'],
    customer: { name: 'Ada' },
  };
  return [
    { topic: 'avro', codec: avro<AvroOrder>(avroOrder, { ...options, references }), data: order, json: order },
    {
      topic: 'protobuf',
      codec: protobuf(OrderSchema, options),
      data: create(OrderSchema, {
        id: 'ö-1',
        cents: -7n,
        customer: { name: 'Ada' },
        at: { seconds: 1_700_000_000n, nanos: 5 },
      }),
      json: { id: 'ö-1', cents: '-7', customer: { name: 'Ada' }, at: '2023-11-14T22:13:20.000000005Z' },
    },
    {
      topic: 'protobuf-nested',
      codec: protobuf(LineSchema, options),
      data: create(LineSchema, { sku: 's', cents: 300n }),
      json: { sku: 's', cents: '300' },
    },
    {
      topic: 'json',
      codec: jsonSchema(jsonOrder, options),
      data: { id: 'ö-1', cents: 12 },
      json: { id: 'ö-1', cents: 12 },
    },
  ].map((sample) => sample as Sample);
}
