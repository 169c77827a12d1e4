import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startEmbeddedBroker } from '@ks/broker';
import { ClientErrorCode, type Client, codecs, connect, ErrorCode, KafkaError, topic } from '@ks/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// Our own client against our own broker, over real sockets.

let broker: Awaited<ReturnType<typeof startEmbeddedBroker>>;
let ks: Client;
let count = 0;

beforeAll(async () => {
  broker = await startEmbeddedBroker();
  ks = await connect({ brokers: broker.bootstrap });
});

afterAll(async () => {
  await ks.close();
  await broker.stop();
});

const text = (bytes: Uint8Array | null): string => Buffer.from(bytes ?? []).toString();

async function freshTopic(partitions = 1, configs: Record<string, string> = {}): Promise<string> {
  count += 1;
  const name = `client-${count}`;
  await ks.admin.createTopic(name, { partitions, configs });
  return name;
}

async function valuesOf(name: string): Promise<string[]> {
  await using consumer = ks.consumer({ from: 'beginning' });
  const values: string[] = [];
  for await (const record of consumer.read({ until: 'end' }, name)) values.push(text(record.value));
  return values;
}

async function errorOf(promise: Promise<unknown>): Promise<KafkaError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof KafkaError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

describe('records', () => {
  test.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)(
    'written with %s are read as they were, in order',
    async (compression) => {
      const name = await freshTopic();
      await using producer = ks.producer({ compression, batchBytes: 20_000 });
      const sent = await producer.sendBatch(
        name,
        Array.from({ length: 2000 }, (_, index) => ({
          key: index % 3 === 0 ? null : `key-${index % 7}`,
          value: index % 5 === 0 ? null : `välue ${index} ${'x'.repeat(index % 200)}`,
          headers: [
            { key: 'h', value: `${index}` },
            { key: 'h', value: null },
          ],
          timestamp: 1_700_000_000_000 + index,
          partition: 0,
        })),
      );
      expect(sent.map(({ offset }) => offset)).toEqual(Array.from({ length: 2000 }, (_, index) => index));
      await using consumer = ks.consumer({ from: 'beginning' });
      let index = 0;
      for await (const record of consumer.read({ until: 'end' }, name)) {
        expect(record.offset).toBe(index);
        expect(record.key === null ? null : text(record.key)).toBe(index % 3 === 0 ? null : `key-${index % 7}`);
        expect(record.value === null ? null : text(record.value)).toBe(
          index % 5 === 0 ? null : `välue ${index} ${'x'.repeat(index % 200)}`,
        );
        expect(record.headers.map(({ key, value }) => [key, value === null ? null : text(value)])).toEqual([
          ['h', `${index}`],
          ['h', null],
        ]);
        expect(record.timestamp).toBe(1_700_000_000_000 + index);
        index += 1;
      }
      expect(index).toBe(2000);
    },
  );

  test('are followed as they come', async () => {
    const name = await freshTopic(3);
    await using consumer = ks.consumer({ from: 'end' });
    await consumer.assign([{ topic: name }]);
    await using producer = ks.producer();
    const sending = (async () => {
      for (let turn = 0; turn < 30; turn += 1) await producer.send(name, { key: `${turn}`, value: `${turn}` });
    })();
    const seen: number[] = [];
    for await (const record of consumer.read()) {
      seen.push(Number(text(record.value)));
      if (seen.length === 30) break;
    }
    await sending;
    expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, index) => index));
  });

  test('are found by time', async () => {
    const name = await freshTopic();
    await using producer = ks.producer();
    for (let turn = 0; turn < 5; turn += 1)
      await producer.send(name, { value: `${turn}`, timestamp: 1_700_000_000_000 + turn * 1000 });
    await using consumer = ks.consumer();
    await consumer.assign([{ topic: name, partition: 0, offset: { timestamp: 1_700_000_002_500 } }]);
    expect(consumer.position({ topic: name, partition: 0 })).toBe(3);
    await consumer.seek([{ topic: name, partition: 0, offset: { timestamp: 1_800_000_000_000 } }]);
    expect(consumer.position({ topic: name, partition: 0 })).toBe(5);
    expect(await ks.admin.listOffsets([{ topic: name, partition: 0, at: 'maxTimestamp' }])).toMatchObject([
      { offset: 4, timestamp: 1_700_000_004_000 },
    ]);
  });

  test('pass from topic to topic as compressed batches', async () => {
    const from = await freshTopic();
    await using producer = ks.producer({ compression: 'lz4' });
    await producer.sendBatch(
      from,
      Array.from({ length: 100 }, (_, index) => ({ value: `value ${index}` })),
    );
    await using consumer = ks.consumer({ from: 'beginning' });
    await consumer.assign([{ topic: from }]);
    for await (const { batch } of consumer.rawBatches({ until: 'end' })) {
      expect(batch.compression).toBe('lz4');
      expect(batch.recordsCount).toBe(100);
    }
  });

  test('of a megabyte go through where the topic allows it, else the error says what to do', async () => {
    const large = await freshTopic(1, { 'max.message.bytes': '8000000' });
    const small = await freshTopic();
    const value = Buffer.alloc(3_000_000, 'x');
    await using producer = ks.producer({ maxRequestBytes: 4_000_000 });
    await producer.send(large, { value });
    expect((await valuesOf(large))[0]?.length).toBe(3_000_000);
    const error = await errorOf(producer.send(small, { value }));
    expect(error).toMatchObject({ code: ErrorCode.MESSAGE_TOO_LARGE, topic: small, partition: 0, retriable: false });
    expect(error.message).toContain('max.message.bytes');
  });
});

describe('topics', () => {
  test('are created, listed, described, grown and deleted', async () => {
    const name = await freshTopic(2, { 'retention.ms': '1000000' });
    expect((await ks.admin.listTopics()).find((one) => one.name === name)).toMatchObject({
      partitionCount: 2,
      replicationFactor: 1,
    });
    const [described] = await ks.admin.describeTopics([name], { includeConfigs: true });
    expect(described?.configs?.find((config) => config.name === 'retention.ms')).toMatchObject({
      value: '1000000',
      source: 'topic',
    });
    await ks.admin.createPartitions([{ topic: name, count: 4 }]);
    expect((await ks.admin.describeTopics([name]))[0]?.partitions.map(({ leaderId }) => leaderId >= 0)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    await using producer = ks.producer();
    expect((await producer.send(name, { value: 'x', partition: 3 })).offset).toBe(0);
    await ks.admin.deleteTopics([name]);
    expect(await errorOf(ks.admin.describeTopics([name]))).toMatchObject({
      code: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      topic: name,
    });
  });

  test('are refused with the name of what is wrong', async () => {
    const name = await freshTopic();
    expect(await errorOf(ks.admin.createTopic(name))).toMatchObject({
      code: ErrorCode.TOPIC_ALREADY_EXISTS,
      topic: name,
    });
    expect(await errorOf(ks.admin.createTopic('no/name'))).toMatchObject({ code: ErrorCode.INVALID_TOPIC_EXCEPTION });
    expect(await errorOf(ks.admin.createTopic('r9', { replicationFactor: 9 }))).toMatchObject({
      code: ErrorCode.INVALID_REPLICATION_FACTOR,
    });
    expect(await errorOf(ks.producer().send('nowhere', { value: 'x' }))).toMatchObject({
      code: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      topic: 'nowhere',
    });
  });

  test('may have types', async () => {
    const counts = topic(await freshTopic(), { codec: { value: codecs.string }, tombstones: true });
    await using producer = ks.producer();
    await producer.send(counts, { key: 'k', value: 'one' });
    await producer.send(counts, { key: 'k', value: null });
    await using consumer = ks.consumer({ from: 'beginning' });
    const seen: (readonly [string | null, string | null])[] = [];
    for await (const record of consumer.read({ until: 'end' }, counts)) seen.push([record.key, record.value]);
    expect(seen).toEqual([
      ['k', 'one'],
      ['k', null],
    ]);
  });
});

test('a position that was deleted is told, or moved on', async () => {
  const name = await freshTopic();
  await using producer = ks.producer();
  await producer.send(name, { value: 'x' });
  await using strict = ks.consumer();
  await strict.assign([{ topic: name, partition: 0, offset: 50 }]);
  const reading = (async () => {
    for await (const _ of strict.read());
  })();
  expect(await errorOf(reading)).toMatchObject({ code: ErrorCode.OFFSET_OUT_OF_RANGE, topic: name, offset: 50 });
  await using lenient = ks.consumer({ outOfRange: 'beginning' });
  await lenient.assign([{ topic: name, partition: 0, offset: 50 }]);
  for await (const record of lenient.read()) {
    expect(text(record.value)).toBe('x');
    break;
  }
});

test('sending and reading survive a restart of the broker', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'ks-client-'));
  try {
    let own = await startEmbeddedBroker({ directory });
    const { port } = own;
    await using client = await connect({ brokers: own.bootstrap });
    await client.admin.createTopic('t');
    await using producer = client.producer();
    await using consumer = client.consumer({ from: 'beginning' });
    await consumer.assign([{ topic: 't' }]);
    const values = Array.from({ length: 40 }, (_, index) => `${index}`);
    const sendAll = async (some: readonly string[]): Promise<void> => {
      for (const value of some) await producer.send('t', { value });
    };
    await sendAll(values.slice(0, 10));
    await own.stop();
    const sending = sendAll(values.slice(10));
    own = await startEmbeddedBroker({ directory, port });
    const seen: string[] = [];
    for await (const record of consumer.read()) {
      // A record whose answer was lost is sent again.
      if (seen.at(-1) !== text(record.value)) seen.push(text(record.value));
      if (seen.length === values.length) break;
    }
    expect(seen).toEqual(values);
    await sending;
    await producer.close();
    await client.close();
    await own.stop();
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

test('a program ends by itself when everything is closed, and fails fast when there is nobody', async () => {
  const run = (script: string) =>
    promisify(execFile)(process.execPath, ['--conditions=@ks/source', '--input-type=module', '-e', script], {
      cwd: import.meta.dirname,
      timeout: 30_000,
    });
  const name = await freshTopic();
  const { stdout } = await run(`
    import { connect } from '@ks/client';
    await using ks = await connect({ brokers: '${broker.bootstrap}' });
    await using producer = ks.producer();
    await producer.send('${name}', { value: 'x' });
    await using consumer = ks.consumer({ from: 'beginning' });
    for await (const record of consumer.read('${name}')) { console.log(Buffer.from(record.value).toString()); break; }
  `);
  expect(stdout).toBe('x\n');
  const nobody = await run(`
    import { connect } from '@ks/client';
    await connect({ brokers: '127.0.0.1:1', connectTimeoutMs: 300 }).catch((error) => console.log(error.name));
  `);
  expect(nobody.stdout).toBe('NETWORK_EXCEPTION\n');
});

test('a client that is closed says so', async () => {
  const client = await connect({ brokers: broker.bootstrap });
  await client.close();
  expect((await errorOf(client.admin.listTopics())).code).toBe(ClientErrorCode.CLOSED);
});
