import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { schemaRegistry } from '../../src/adapters/schema-registry.ts';
import { type AvroSchema, avro } from '../../src/formats/avro.ts';
import { protobuf } from '../../src/formats/protobuf.ts';
import { ClientErrorCode } from '../../src/kafka-error.ts';
import { recordNameStrategy, topicRecordNameStrategy } from '../../src/registry/subject-name.ts';
import { codecs, type DataCodec } from '../../src/topic/data-codec.ts';
import { topic } from '../../src/topic/topic.ts';
import { put } from '../fake/abcd.ts';
import { errorOf } from '../fake/error-of.ts';
import { FakeKafka } from '../fake/fake-kafka.ts';
import { openClient } from '../fake/open-client.ts';
import { type AvroOrder, avroCustomer, avroOrder, LineSchema, OrderSchema } from './acme.ts';
import { StandInRegistry } from './stand-in-registry.ts';

let standIn: StandInRegistry;
let kafka: FakeKafka;
beforeEach(async () => {
  standIn = await StandInRegistry.start();
  kafka = new FakeKafka();
  kafka.createTopic('orders');
});
afterEach(() => standIn[Symbol.asyncDispose]());

const open = (retryTimeoutMs = 0) =>
  schemaRegistry({ url: standIn.url, retryTimeoutMs, retry: { initialMs: 1, maxMs: 2 } });
const version1 = {
  type: 'record' as const,
  name: 'Order',
  fields: [{ name: 'id', type: 'string' as const }],
};
const version2 = {
  ...version1,
  fields: [...version1.fields, { name: 'cents', type: 'int' as const, default: 7 }],
};
const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => `${index}`);

describe('what is sent with a registry', () => {
  test('keeps its order, whatever it waits for, beside what waits for nothing', async () => {
    let release = (): void => {};
    standIn.held = new Promise((resolve) => {
      release = resolve;
    });
    const typed = topic('orders', { codec: { value: avro<{ id: string }>(version1, { registry: open() }) } });
    const plain = topic('orders', { codec: { value: codecs.string } });
    await using ks = await openClient(kafka);
    const producer = ks.producer();
    const data = { id: '0' };
    const sent = [producer.send(typed, { value: data }), producer.send(plain, { value: '1' })];
    // It is what it was when it was sent.
    data.id = 'changed';
    sent.push(producer.send(typed, { value: { id: '2' } }), producer.send(plain, { value: '3' }));
    release();
    expect((await Promise.all(sent)).map(({ offset }) => offset)).toEqual([0, 1, 2, 3]);
    const batch = producer.sendBatch(
      typed,
      numbers(50).map((id) => ({ value: { id } })),
    );
    expect((await batch).map(({ offset }) => offset)).toEqual(numbers(50).map((at) => Number(at) + 4));
    // One question for the id, at the first record of all.
    expect(standIn.requests).toEqual(['POST /subjects/orders-value/versions']);
    const seen: string[] = [];
    await using consumer = ks.consumer({ from: 'beginning' });
    for await (const record of consumer.read({ until: 'end' }, 'orders')) {
      const bytes = record.value ?? new Uint8Array();
      seen.push(bytes[0] === 0 ? codecs.string.decode(bytes.subarray(6)) : codecs.string.decode(bytes));
    }
    expect(seen).toEqual(['0', '1', '2', '3', ...numbers(50)]);
  });

  test('fails alone where the registry refuses, is gone, or the data is wrong', async () => {
    standIn.failures.push(422);
    const typed = topic('orders', { codec: { value: avro<{ id: string }>(version1, { registry: open() }) } });
    await using ks = await openClient(kafka);
    const producer = ks.producer();
    const refused = await errorOf(producer.send(typed, { value: { id: 'a' } }));
    expect(refused).toMatchObject({ code: ClientErrorCode.SCHEMA_REGISTRY, topic: 'orders', retriable: false });
    standIn.failures.push(500);
    const gone = await errorOf(producer.sendBatch(typed, [{ value: { id: 'a' } }]));
    expect(gone).toMatchObject({ code: ClientErrorCode.SCHEMA_REGISTRY, topic: 'orders', retriable: true });
    const wrong = await errorOf(producer.send(typed, { value: { id: 5 } as never }));
    expect(wrong).toMatchObject({ code: ClientErrorCode.INVALID_DATA, topic: 'orders' });
    expect(wrong.message).toContain('id is no string');
    expect(await producer.send(typed, { value: { id: 'b' } })).toMatchObject({ offset: 0 });
  });

  test('is not written where its schema is not registered, and is not to be', async () => {
    const registry = open();
    const typed = topic('orders', { codec: { value: avro(version1, { registry, registration: 'lookUp' }) } });
    await using ks = await openClient(kafka);
    const producer = ks.producer();
    const error = await errorOf(producer.send(typed, { value: { id: 'a' } }));
    expect(error).toMatchObject({ code: ClientErrorCode.SCHEMA_REGISTRY, retriable: false });
    expect(standIn.state.subjects).toEqual({});
    await registry.register('orders-value', { type: 'AVRO', text: JSON.stringify(version1), references: [] });
    await producer.send(typed, { value: { id: 'a' } });
  });

  test('goes under the subject that the strategy names', async () => {
    const registry = open();
    const references = [{ schema: avroCustomer, subject: 'customers' }];
    const key = avro<string>('string', { registry });
    const byRecord = avro<AvroOrder>(avroOrder, { registry, references, subjectName: recordNameStrategy });
    const byBoth = protobuf(OrderSchema, { registry, subjectName: topicRecordNameStrategy });
    await using ks = await openClient(kafka);
    const value: AvroOrder = { id: 'a', cents: 1, note: 'n', lines: [], customer: { name: 'c' } };
    await ks.producer().send(topic('orders', { codec: { key, value: byRecord } }), { key: 'k', value });
    const nameless = avro<string[]>({ type: 'array', items: 'string' }, { registry, subjectName: recordNameStrategy });
    const error = await errorOf(ks.producer().send(topic('orders', { codec: { value: nameless } }), { value: ['a'] }));
    expect(error).toMatchObject({ code: ClientErrorCode.INVALID_DATA });
    await byBoth.encode({ $typeName: 'acme.Order', id: '', cents: 0n }, { topic: 'orders', side: 'value' });
    expect(Object.keys(standIn.state.subjects).toSorted()).toEqual([
      'acme.Order',
      'acme/customer.proto',
      'customers',
      'orders-acme.Order',
      'orders-key',
    ]);
  });
});

describe('what is read with a registry', () => {
  const typedBy = (codec: DataCodec<unknown>) => topic('orders', { codec: { value: codec } });

  test('becomes what this program has, whichever version it was written with', async () => {
    await using ks = await openClient(kafka);
    await ks.producer().send(typedBy(avro(version1, { registry: open() })), { value: { id: 'old' } });
    await ks.producer().send(typedBy(avro(version2, { registry: open() })), { value: { id: 'new', cents: 1 } });
    await using consumer = ks.consumer({ from: 'beginning' });
    const read = async (schema: AvroSchema): Promise<unknown[]> => {
      const values: unknown[] = [];
      await consumer.assign([{ topic: 'orders' }]);
      const typed = typedBy(avro(schema, { registry: open() }));
      for await (const { value } of consumer.read({ until: 'end' }, typed)) values.push({ ...(value as object) });
      await consumer.seek([{ topic: 'orders', partition: 0, offset: 0 }]);
      return values;
    };
    expect(await read(version1)).toEqual([{ id: 'old' }, { id: 'new' }]);
    expect(await read(version2)).toEqual([
      { id: 'old', cents: 7 },
      { id: 'new', cents: 1 },
    ]);
  });

  test('comes in batches too, whose records wait for nothing', async () => {
    await using ks = await openClient(kafka);
    const typed = topic('orders', { codec: { value: avro<{ id: string }>(version1, { registry: open() }) } });
    await ks.producer().sendBatch(
      typed,
      numbers(5).map((id) => ({ value: { id } })),
    );
    put(kafka, 'orders', 0, 'nonsense');
    await using consumer = ks.consumer({ from: 'beginning' });
    await consumer.assign([{ topic: typed, partition: 0, offset: 2 }]);
    const fresh = topic('orders', { codec: { value: avro<{ id: string }>(version1, { registry: open() }) } });
    const seen: string[] = [];
    const read = async (): Promise<void> => {
      for await (const batch of consumer.batches({ until: 'end' }, fresh)) {
        for (const { value } of batch) seen.push(value.id);
      }
    };
    expect(await errorOf(read())).toMatchObject({ code: ClientErrorCode.INVALID_DATA, partition: 0, offset: 5 });
    expect(seen).toEqual(['2', '3', '4']);
  });

  test('is refused by place where it was not written so, and put aside', async () => {
    kafka.createTopic('dead');
    const registry = open();
    const lines = topic('orders', { codec: { value: protobuf(LineSchema, { registry }) } });
    const orders = topic('orders', { codec: { value: protobuf(OrderSchema, { registry }) } });
    await using ks = await openClient(kafka);
    put(kafka, 'orders', 0, '{"id":"a"}', '\0\0\0\0\x09', '\0');
    await ks.producer().send(lines, { value: { $typeName: 'acme.Envelope.Line', sku: 's', cents: 1n } });
    await ks.producer().send(orders, { value: { $typeName: 'acme.Order', id: 'good', cents: 1n } });
    await ks.producer().send(typedBy(avro(version1, { registry })), { value: { id: 'a' } });
    await using consumer = ks.consumer({ from: 'beginning' });
    const seen: string[] = [];
    const options = { until: 'end', onInvalid: 'deadLetter', deadLetter: 'dead' } as const;
    for await (const { value } of consumer.read(options, orders)) seen.push(value.id);
    expect(seen).toEqual(['good']);
    await using dead = ks.consumer({ from: 'beginning' });
    const reasons: string[] = [];
    for await (const { headers } of dead.read({ until: 'end' }, 'dead')) {
      const said = headers.find(({ key }) => key === 'ks.message')?.value ?? new Uint8Array();
      reasons.push(codecs.string.decode(said));
    }
    expect(reasons).toEqual([
      expect.stringContaining('offset 0: the protobuf codec cannot read it: it begins with byte 123'),
      expect.stringContaining('offset 1: the protobuf codec cannot read it: the registry knows no schema 9'),
      expect.stringContaining('offset 2: the protobuf codec cannot read it: 1 bytes are too few'),
      expect.stringContaining('it is a acme.Envelope.Line, not a acme.Order'),
      expect.stringContaining('it was written as AVRO, with schema'),
    ]);
  });

  test('is not given up for a registry that is away: the reader hears of it, and goes on there', async () => {
    kafka.createTopic('dead');
    await using ks = await openClient(kafka);
    await ks.producer().send(typedBy(avro(version1, { registry: open() })), { value: { id: 'a' } });
    const typed = topic('orders', { codec: { value: avro<{ id: string }>(version1, { registry: open() }) } });
    await using consumer = ks.consumer({ from: 'beginning' });
    standIn.failures.push(503);
    const seen: string[] = [];
    const read = async (): Promise<void> => {
      const options = { until: 'end', onInvalid: 'deadLetter', deadLetter: 'dead' } as const;
      for await (const { value } of consumer.read(options, typed)) seen.push(value.id);
    };
    const error = await errorOf(read());
    expect(error).toMatchObject({ code: ClientErrorCode.SCHEMA_REGISTRY, retriable: true, partition: 0, offset: 0 });
    await read();
    expect(seen).toEqual(['a']);
    expect(kafka.partition('dead', 0).batches).toHaveLength(0);
  });
});

test('a codec that waits must say so', async () => {
  const codec: DataCodec<string> = { name: 'own', encode: async () => new Uint8Array(), decode: async () => '' };
  await using ks = await openClient(kafka);
  const error = await errorOf(ks.producer().send(topic('orders', { codec: { value: codec } }), { value: '' }));
  expect(error).toMatchObject({ code: ClientErrorCode.INVALID_ARGUMENT });
  expect(error.message).toContain('isAsync');
});
