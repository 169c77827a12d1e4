import {
  createCodec,
  ErrorCode,
  Metadata,
  Produce,
  RecordBatch,
  type RequestOf,
  type ResponseInput,
} from '@ks/protocol';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ClientErrorCode } from '../src/kafka-error.ts';
import { topic } from '../src/topic/topic.ts';
import { errorOf } from './fake/error-of.ts';
import { FakeKafka } from './fake/fake-kafka.ts';
import { openClient } from './fake/open-client.ts';

/** The answer that gives every partition of a Produce request this error. */
function refusal(
  request: RequestOf<typeof Produce>,
  errorCode: number,
  errorMessage: string | null = null,
): ResponseInput<typeof Produce> {
  return {
    responses: request.topicData.map(({ name, topicId, partitionData }) => ({
      name,
      topicId,
      partitionResponses: partitionData.map(({ index }) => ({ index, errorCode, baseOffset: -1, errorMessage })),
    })),
  };
}

const recordsCounts = (kafka: FakeKafka): number[] =>
  kafka
    .requests(Produce)
    .flatMap(({ body }) =>
      body.topicData.flatMap(({ partitionData }) =>
        partitionData.map(({ records }) => new RecordBatch(records ?? new Uint8Array()).recordsCount),
      ),
    );

describe('batching', () => {
  test('what is sent in one turn goes in one batch, and each learns its offset', async () => {
    const kafka = new FakeKafka();
    kafka.createTopic('t');
    await using ks = await openClient(kafka);
    const producer = ks.producer();
    const sent = await Promise.all(
      Array.from({ length: 100 }, (_, index) => producer.send('t', { value: `v${index}`, timestamp: index })),
    );
    expect(sent.map(({ offset }) => offset)).toEqual(Array.from({ length: 100 }, (_, index) => index));
    expect(sent[7]).toEqual({ topic: 't', partition: 0, offset: 7, timestamp: 7 });
    expect(recordsCounts(kafka)).toEqual([100]);
    expect(kafka.values('t', 0)[99]).toBe('v99');
  });

  test('lingering waits for more', async () => {
    const kafka = new FakeKafka();
    kafka.createTopic('t');
    await using ks = await openClient(kafka);
    await ks.producer().send('t', { value: 'warm' });
    const producer = ks.producer({ lingerMs: 50 });
    const start = kafka.clock.monotonicMs();
    const first = producer.send('t', { value: 'a' });
    kafka.clock.setTimer(20, () => void producer.send('t', { value: 'b' }));
    await first;
    expect(kafka.clock.monotonicMs() - start).toBe(50);
    expect(recordsCounts(kafka)).toEqual([1, 2]);
  });

  test('a flush does not linger', async () => {
    const kafka = new FakeKafka();
    kafka.createTopic('t');
    await using ks = await openClient(kafka);
    const producer = ks.producer({ lingerMs: 5000 });
    const sent = producer.send('t', { value: 'a' });
    const start = kafka.clock.monotonicMs();
    await producer.flush();
    expect(kafka.clock.monotonicMs() - start).toBeLessThan(100);
    expect((await sent).offset).toBe(0);
  });

  test('full batches follow one another in order', async () => {
    const kafka = new FakeKafka();
    kafka.createTopic('t');
    await using ks = await openClient(kafka);
    const producer = ks.producer({ batchBytes: 500 });
    const values = Array.from({ length: 60 }, (_, index) => `${index}-${'x'.repeat(40)}`);
    await producer.sendBatch(
      't',
      values.map((value) => ({ value })),
    );
    expect(kafka.values('t', 0)).toEqual(values);
    expect(kafka.requests(Produce).length).toBeGreaterThan(5);
  });

  test('partitions of one leader share a request, those of others go elsewhere', async () => {
    const kafka = new FakeKafka(2);
    kafka.createTopic('t', 4, (partition) => 1 + (partition % 2));
    await using ks = await openClient(kafka);
    await ks.producer().sendBatch(
      't',
      [0, 1, 2, 3].map((partition) => ({ value: 'x', partition })),
    );
    expect(
      kafka.requests(Produce).map(({ nodeId, body }) => [nodeId, body.topicData[0]?.partitionData.length]),
    ).toEqual([
      [1, 2],
      [2, 2],
    ]);
  });

  test.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)('compresses by %s', async (compression) => {
    const kafka = new FakeKafka();
    kafka.createTopic('t');
    await using ks = await openClient(kafka);
    const value = 'again and '.repeat(50);
    await ks.producer({ compression }).send('t', { value });
    const batch = new RecordBatch(kafka.partition('t', 0).batches[0] ?? new Uint8Array());
    expect(batch.compression).toBe(compression);
    expect(batch.sizeBytes).toBeLessThan(300);
    await using consumer = ks.consumer({ from: 'beginning' });
    for await (const record of consumer.read({ until: 'end' }, 't'))
      expect(Buffer.from(record.value ?? []).toString()).toBe(value);
  });
});

describe('trying again', () => {
  test('follows a leader that moved, in order', async () => {
    const kafka = new FakeKafka(2);
    kafka.createTopic('t');
    await using ks = await openClient(kafka);
    const producer = ks.producer({ batchBytes: 300 });
    await producer.send('t', { value: 'first' });
    kafka.moveLeader('t', 0, 2);
    const values = Array.from({ length: 30 }, (_, index) => `${index}-${'x'.repeat(40)}`);
    await producer.sendBatch(
      't',
      values.map((value) => ({ value })),
    );
    expect(kafka.values('t', 0)).toEqual(['first', ...values]);
    expect(kafka.requests(Produce).at(-1)?.nodeId).toBe(2);
  });

  test('keeps later batches behind the one that is sent again', async () => {
    const kafka = new FakeKafka();
    kafka.createTopic('t');
    await using ks = await openClient(kafka);
    const producer = ks.producer({ batchBytes: 200, maxInFlight: 5 });
    kafka.script(Produce, (request) => refusal(request, ErrorCode.NOT_ENOUGH_REPLICAS));
    kafka.script(Produce, () => 'close');
    kafka.script(Produce, (request) => refusal(request, ErrorCode.REQUEST_TIMED_OUT));
    const values = Array.from({ length: 20 }, (_, index) => `${index}-${'x'.repeat(60)}`);
    await producer.sendBatch(
      't',
      values.map((value) => ({ value })),
    );
    expect(kafka.values('t', 0)).toEqual(values);
  });

  test('ends when the delivery time is over, with the last reason', async () => {
    const kafka = new FakeKafka();
    kafka.createTopic('t');
    await using ks = await openClient(kafka);
    const producer = ks.producer({ deliveryTimeoutMs: 5000 });
    for (let attempt = 0; attempt < 50; attempt += 1) {
      kafka.script(Produce, (request) => refusal(request, ErrorCode.NOT_ENOUGH_REPLICAS, 'one of two is in sync'));
    }
    const start = kafka.clock.monotonicMs();
    const error = await errorOf(producer.send('t', { value: 'x' }));
    expect(error).toMatchObject({ code: ErrorCode.REQUEST_TIMED_OUT, topic: 't', partition: 0 });
    expect(error.message).toContain('one of two is in sync');
    expect(kafka.clock.monotonicMs() - start).toBeGreaterThanOrEqual(5000);
    expect(kafka.clock.monotonicMs() - start).toBeLessThan(6500);
  });

  test('waits for a leader where there is none', async () => {
    const kafka = new FakeKafka();
    kafka.createTopic('t', 1, () => -1);
    await using ks = await openClient(kafka);
    kafka.clock.setTimer(700, () => kafka.moveLeader('t', 0, 1));
    expect((await ks.producer().send('t', { value: 'x' })).offset).toBe(0);
  });

  test('finds a broker that was restarted', async () => {
    const kafka = new FakeKafka();
    kafka.createTopic('t');
    await using ks = await openClient(kafka);
    const producer = ks.producer();
    await producer.send('t', { value: 'a' });
    kafka.stop(1);
    kafka.clock.setTimer(3000, () => kafka.start(1));
    expect((await producer.send('t', { value: 'b' })).offset).toBe(1);
  });

  test('is not done for what cannot succeed, and the next record goes through', async () => {
    const kafka = new FakeKafka();
    kafka.createTopic('t');
    await using ks = await openClient(kafka);
    const producer = ks.producer();
    kafka.script(Produce, (request) => refusal(request, ErrorCode.MESSAGE_TOO_LARGE));
    const error = await errorOf(producer.send('t', { value: 'x' }));
    expect(error).toMatchObject({
      code: ErrorCode.MESSAGE_TOO_LARGE,
      retriable: false,
      topic: 't',
      partition: 0,
      broker: 'broker1:9092 (id 1)',
    });
    expect(error.message).toContain('max.message.bytes');
    expect((await producer.send('t', { value: 'y' })).offset).toBe(0);
    expect(kafka.requests(Produce)).toHaveLength(2);
  });
});

describe('a batch that its topic finds too large', () => {
  test('goes in smaller ones: every record once, in order, each with its offset; those that follow are small at once', async () => {
    const kafka = new FakeKafka();
    kafka.createTopic('t');
    kafka.maxMessageBytes = 2000;
    await using ks = await openClient(kafka);
    const producer = ks.producer({ batchBytes: 10_000 });
    const values = Array.from({ length: 300 }, (_, index) => `${index} ${'x'.repeat(80)}`);
    const sent = await producer.sendBatch(
      't',
      values.map((value) => ({ value })),
    );
    expect(kafka.values('t', 0)).toEqual(values);
    expect(sent.map(({ offset }) => offset)).toEqual(values.map((_, index) => index));
    const refused = kafka.requests(Produce).length - kafka.partition('t', 0).batches.length;
    await producer.sendBatch(
      't',
      values.map((value) => ({ value })),
    );
    expect(kafka.requests(Produce).length - kafka.partition('t', 0).batches.length).toBe(refused);
    expect(kafka.values('t', 0)).toHaveLength(600);
  });

  test('loses none but the record that is too large by itself', async () => {
    const kafka = new FakeKafka();
    kafka.createTopic('t');
    kafka.maxMessageBytes = 1000;
    await using ks = await openClient(kafka);
    const producer = ks.producer({ batchBytes: 10_000, compression: 'gzip' });
    const noise = Buffer.from(Array.from({ length: 4000 }, (_, index) => Math.imul(index, 2654435761) >>> 24));
    const numbers = Array.from({ length: 20 }, (_, index) => index);
    const outcomes = await Promise.allSettled(
      numbers.map((number) => producer.send('t', { value: number === 7 ? noise : `${number}`, timestamp: number })),
    );
    const failed = outcomes.flatMap((one, index) => (one.status === 'rejected' ? [{ index, reason: one.reason }] : []));
    expect(failed).toMatchObject([
      { index: 7, reason: { code: ErrorCode.MESSAGE_TOO_LARGE, topic: 't', partition: 0 } },
    ]);
    const codec = createCodec(kafka.core);
    const kept = kafka.partition('t', 0).batches.flatMap((bytes) => {
      const batch = new RecordBatch(bytes);
      return [...batch.records(batch.decompress(codec, 10_000) as Uint8Array)];
    });
    expect(kept.map(({ timestamp }) => timestamp)).toEqual(numbers.filter((number) => number !== 7));
  });
});

describe('limits', () => {
  test('a record over maxRequestBytes is refused at once', async () => {
    const kafka = new FakeKafka();
    kafka.createTopic('t');
    await using ks = await openClient(kafka);
    const error = await errorOf(ks.producer({ maxRequestBytes: 1000 }).send('t', { value: 'x'.repeat(1000) }));
    expect(error).toMatchObject({ code: ErrorCode.MESSAGE_TOO_LARGE, topic: 't' });
    expect(kafka.requests(Produce)).toHaveLength(0);
  });

  test('send waits while the buffer is full, and keeps the order', async () => {
    const kafka = new FakeKafka();
    kafka.createTopic('t');
    await using ks = await openClient(kafka);
    const producer = ks.producer({ maxBufferedBytes: 2000, batchBytes: 1000 });
    const values = Array.from({ length: 40 }, (_, index) => `${index}-${'x'.repeat(300)}`);
    await producer.sendBatch(
      't',
      values.map((value) => ({ value })),
    );
    expect(kafka.values('t', 0)).toEqual(values);
    const largest = Math.max(
      ...kafka.requests(Produce).map(({ body }) => body.topicData[0]?.partitionData[0]?.records?.length ?? 0),
    );
    expect(largest).toBeLessThanOrEqual(1000);
  });

  test('waiting for room ends with a signal', async () => {
    const kafka = new FakeKafka();
    kafka.createTopic('t');
    await using ks = await openClient(kafka);
    const producer = ks.producer({ maxBufferedBytes: 500, lingerMs: 60_000 });
    const first = producer.send('t', { value: 'x'.repeat(400) });
    const controller = new AbortController();
    const second = producer.send('t', { value: 'y'.repeat(400) }, { signal: controller.signal });
    const third = producer.send('t', { value: 'z' });
    setImmediate(() => controller.abort());
    expect((await errorOf(second)).code).toBe(ClientErrorCode.ABORTED);
    await producer.flush();
    expect((await first).offset).toBe(0);
    expect((await third).offset).toBe(1);
  });
});

describe('acks', () => {
  test('0 waits for nobody', async () => {
    const kafka = new FakeKafka();
    kafka.createTopic('t');
    await using ks = await openClient(kafka);
    const producer = ks.producer({ acks: 0 });
    expect(await producer.send('t', { value: 'x', timestamp: 9 })).toEqual({
      topic: 't',
      partition: 0,
      offset: -1,
      timestamp: 9,
    });
    await producer.send('t', { value: 'y' });
    await ks.admin.listTopics();
    expect(kafka.values('t', 0)).toEqual(['x', 'y']);
  });

  test.each([
    [1, 1],
    ['all', -1],
  ] as const)('%s is asked for as %i', async (acks, asked) => {
    const kafka = new FakeKafka();
    kafka.createTopic('t');
    await using ks = await openClient(kafka);
    await ks.producer({ acks }).send('t', { value: 'x' });
    expect(kafka.requests(Produce)[0]?.body.acks).toBe(asked);
  });
});

describe('where records go', () => {
  test('by key, by hand, and not where there is nothing', async () => {
    const kafka = new FakeKafka();
    kafka.createTopic('t', 10);
    await using ks = await openClient(kafka);
    const producer = ks.producer();
    expect((await producer.send('t', { key: 'foobar', value: 'x' })).partition).toBe(6);
    expect((await producer.send('t', { key: 'foobar', value: 'x', partition: 3 })).partition).toBe(3);
    expect(await errorOf(producer.send('t', { value: 'x', partition: 10 }))).toMatchObject({
      code: ClientErrorCode.INVALID_ARGUMENT,
      partition: 10,
    });
    const own = ks.producer({ partitioner: ({ partitions }) => partitions.length - 1 });
    expect((await own.send('t', { key: 'foobar', value: 'x' })).partition).toBe(9);
  });

  test('a topic is looked up once for many records', async () => {
    const kafka = new FakeKafka();
    kafka.createTopic('t');
    await using ks = await openClient(kafka);
    const before = kafka.requests(Metadata).length;
    const producer = ks.producer();
    for (let turn = 0; turn < 3; turn += 1) await producer.sendBatch('t', [{ value: 'a' }, { value: 'b' }]);
    expect(kafka.requests(Metadata).length).toBe(before + 1);
  });
});

describe('typed records', () => {
  const orders = topic('orders', { key: z.string(), value: z.object({ cents: z.int() }), asyncSchema: true });

  test('that are invalid are refused and leave the others in order, also when schemas take their time', async () => {
    const kafka = new FakeKafka();
    kafka.createTopic('orders');
    await using ks = await openClient(kafka);
    const producer = ks.producer();
    const slow = topic('orders', { value: z.string().refine(async (text) => text !== 'bad'), asyncSchema: true });
    const sent = [
      producer.send(slow, { value: 'a' }),
      producer.send(slow, { value: 'bad' }),
      producer.send(orders, { key: 'k', value: { cents: 1 } }),
    ];
    expect((await errorOf(sent[1] ?? Promise.resolve())).code).toBe(ClientErrorCode.INVALID_DATA);
    await Promise.allSettled(sent);
    expect(kafka.values('orders', 0)).toEqual(['"a"', '{"cents":1}']);
  });
});

describe('the end', () => {
  test('closing delivers what waits, and takes no more', async () => {
    const kafka = new FakeKafka();
    kafka.createTopic('t');
    await using ks = await openClient(kafka);
    const producer = ks.producer({ lingerMs: 60_000 });
    const sent = producer.send('t', { value: 'x' });
    await producer.close();
    expect((await sent).offset).toBe(0);
    expect((await errorOf(producer.send('t', { value: 'y' }))).code).toBe(ClientErrorCode.CLOSED);
    expect(kafka.clock.pending).toBe(0);
  });
});
