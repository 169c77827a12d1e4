import { type EmbeddedBroker, startEmbeddedBroker } from '@ks/broker';
import { type Client, ClientErrorCode, connect, reasonHeaders, topic } from '@ks/client';
import { avro } from '@ks/client/avro';
import { jsonSchema } from '@ks/client/json-schema';
import { type SchemaRegistry, SchemaRegistryError, schemaRegistry } from '@ks/client/schema-registry';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { text, until } from '../src/client-brokers.ts';

// Topics whose records are written with a schema registry, at a real broker: what is wrong goes where `run` says.

const orderSchema = {
  type: 'record' as const,
  name: 'Order',
  fields: [
    { name: 'id', type: 'string' as const },
    { name: 'cents', type: 'int' as const },
  ],
};
interface Order {
  id: string;
  cents: number;
}
const group = { from: 'beginning', heartbeatIntervalMs: 100, autoCommitIntervalMs: 50 } as const;

/** As much of a registry as is asked here: ids in the order of registration. It can be away. */
class TinyRegistry {
  readonly schemas: { readonly schema: string; readonly schemaType?: string }[] = [];
  isAway = false;

  readonly fetch = async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
    if (this.isAway) return new Response('{"message":"starting"}', { status: 503 });
    if (init?.method === 'POST') {
      const id = this.schemas.push(JSON.parse(String(init.body)) as { readonly schema: string });
      return Response.json({ id });
    }
    const stored = this.schemas[Number(String(url).split('/').at(-1)?.replace(/\?.*/, '')) - 1];
    return stored === undefined ? Response.json({ error_code: 40403 }, { status: 404 }) : Response.json(stored);
  };

  open(retryTimeoutMs = 0): SchemaRegistry {
    return schemaRegistry({
      url: 'http://registry',
      fetch: this.fetch,
      retryTimeoutMs,
      retry: { initialMs: 20, maxMs: 50 },
    });
  }
}

let broker: EmbeddedBroker;
let ks: Client;
beforeAll(async () => {
  broker = await startEmbeddedBroker({ config: { 'group.initial.rebalance.delay.ms': '0' } });
  ks = await connect({ brokers: broker.bootstrap });
});
afterAll(async () => {
  await ks.close();
  await broker.stop();
});

test('run puts aside what its topic cannot read, by place, and works on the rest in order', async () => {
  for (const name of ['orders', 'dead']) await ks.admin.createTopic(name, { partitions: 1 });
  const tiny = new TinyRegistry();
  const codec = { value: avro<Order>(orderSchema, { registry: tiny.open() }) };
  const value = z.object({ id: z.string(), cents: z.int().max(100) });
  const orders = topic('orders', { key: z.string().optional(), value, codec });
  const producer = ks.producer();
  const raw = (bytes: string | Uint8Array) => producer.send('orders', { value: bytes });
  await producer.send(orders, { key: 'a', value: { id: 'good', cents: 1 } });
  await raw('{"id":"json"}');
  await raw(Uint8Array.of(0, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0));
  await raw(Uint8Array.of(0, 0, 0, 0, 77, 0));
  // Written by someone else by the schema of the registry, and refused by the one of this program.
  await producer.send(topic('orders', { codec }), { value: { id: 'dear', cents: 101 } });
  await producer.sendBatch(
    orders,
    [1, 2, 3].map((cents) => ({ key: 'a', value: { id: `more ${cents}`, cents } })),
  );
  const seen: string[] = [];
  const consumer = ks.consumer({ group: 'schemas', ...group });
  const fresh = topic('orders', {
    key: z.string().optional(),
    value,
    codec: { value: avro<Order>(orderSchema, { registry: tiny.open() }) },
  });
  const run = consumer.run(fresh, { concurrency: 8, onInvalid: 'deadLetter', deadLetter: 'dead' }, (record) => {
    seen.push(`${record.value.id} ${record.value.cents}`);
  });
  await until(() => seen.length === 4);
  await consumer.close();
  await run;
  expect(seen).toEqual(['good 1', 'more 1 1', 'more 2 2', 'more 3 3']);
  const dead: Record<string, string>[] = [];
  for await (const { headers } of ks.consumer({ from: 'beginning' }).read({ until: 'end' }, 'dead')) {
    dead.push(Object.fromEntries(headers.map((header) => [header.key, text(header.value)])));
  }
  const said = dead.toSorted((a, b) => Number(a[reasonHeaders.offset]) - Number(b[reasonHeaders.offset]));
  expect(said.map((headers) => headers[reasonHeaders.offset])).toEqual(['1', '2', '3', '4']);
  expect(said.map((headers) => headers[reasonHeaders.message])).toEqual([
    expect.stringContaining('begins with byte 123'),
    expect.stringContaining('the avro codec cannot read it'),
    expect.stringContaining('knows no schema 77'),
    expect.stringContaining('cents'),
  ]);
  expect(said.every((headers) => headers[reasonHeaders.error] === 'INVALID_DATA')).toBe(true);
  expect((await ks.admin.listGroupOffsets('schemas')).map(({ offset }) => offset)).toEqual([8]);
});

test('a registry that is away loses nothing: run ends where it stands, or waits as long as it was told', async () => {
  await ks.admin.createTopic('waiting', { partitions: 1 });
  const tiny = new TinyRegistry();
  const schema = { type: 'object', required: ['n'], properties: { n: { type: 'integer' } } };
  const waiting = (retryTimeoutMs: number) =>
    topic('waiting', { codec: { value: jsonSchema<{ n: number }>(schema, { registry: tiny.open(retryTimeoutMs) }) } });
  await ks.producer().sendBatch(waiting(0), [{ value: { n: 1 } }, { value: { n: 2 } }]);
  tiny.isAway = true;
  const seen: number[] = [];
  const first = ks.consumer({ group: 'waiting', ...group });
  const options = { onInvalid: 'deadLetter', deadLetter: 'dead' } as const;
  const failure = await first
    .run(waiting(0), options, ({ value }) => seen.push(value.n))
    .catch((error: unknown) => error);
  expect(failure).toMatchObject({
    code: ClientErrorCode.SCHEMA_REGISTRY,
    retriable: true,
    topic: 'waiting',
    offset: 0,
  });
  expect((failure as Error).cause).toBeInstanceOf(SchemaRegistryError);
  await first.close();
  const second = ks.consumer({ group: 'waiting', ...group });
  const run = second.run(waiting(60_000), options, ({ value }) => seen.push(value.n));
  setTimeout(() => {
    tiny.isAway = false;
  }, 100);
  await until(() => seen.length === 2);
  await second.close();
  await run;
  expect(seen).toEqual([1, 2]);
});
