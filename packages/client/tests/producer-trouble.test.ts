import { ErrorCode, Produce, RecordBatch } from '@ks/protocol';
import { describe, expect, test } from 'vitest';
import { ClientErrorCode } from '../src/kafka-error.ts';
import { errorOf } from './fake/error-of.ts';
import { FakeKafka } from './fake/fake-kafka.ts';
import { openClient } from './fake/open-client.ts';

// A producer whose broker is silent, slow, throttling or gone: each has a stated outcome.

async function opened(options = {}) {
  const kafka = new FakeKafka();
  kafka.createTopic('t');
  const ks = await openClient(kafka);
  const producer = ks.producer(options);
  await producer.send('t', { value: 'warm' });
  return { kafka, ks, producer };
}

const sequencesOf = (kafka: FakeKafka): number[] =>
  kafka
    .requests(Produce)
    .flatMap(({ body }) => body.topicData)
    .flatMap(({ partitionData }) =>
      partitionData.map(({ records }) => new RecordBatch(records ?? new Uint8Array()).baseSequence),
    );

describe('a producer', () => {
  test('behind a black hole finds a new connection; the record is there once', async () => {
    const { kafka, ks, producer } = await opened();
    kafka.script(Produce, (request, nodeId) => {
      kafka.produce(nodeId, request);
      return 'silence';
    });
    expect(await producer.send('t', { value: 'once' })).toMatchObject({ offset: 1 });
    expect(kafka.values('t', 0)).toEqual(['warm', 'once']);
    await ks.close();
    expect([kafka.network.openConnections, kafka.clock.pending]).toEqual([0, 0]);
  });

  test('with many full batches of a partition puts them in order when the first is lost', async () => {
    const { kafka, ks, producer } = await opened({ batchBytes: 200 });
    kafka.script(Produce, () => 'close');
    const values = Array.from({ length: 40 }, (_, index) => `value ${index}`);
    await producer.sendBatch(
      't',
      values.map((value) => ({ value })),
    );
    expect(kafka.values('t', 0)).toEqual(['warm', ...values]);
    expect(new Set(sequencesOf(kafka)).size).toBeLessThan(sequencesOf(kafka).length);
    await ks.close();
  });

  test('waits as long as it is throttled', async () => {
    const { kafka, ks, producer } = await opened();
    kafka.script(Produce, (request, nodeId) => {
      const answer = kafka.produce(nodeId, request);
      return typeof answer === 'string' ? answer : { ...answer, throttleTimeMs: 5000 };
    });
    await producer.send('t', { value: 'a' });
    const from = kafka.clock.monotonicMs();
    await producer.send('t', { value: 'b' });
    expect(kafka.clock.monotonicMs() - from).toBeGreaterThanOrEqual(5000);
    await ks.close();
  });

  test('gives a record up in its time, names the last reason, and goes on', async () => {
    const { kafka, ks, producer } = await opened({ deliveryTimeoutMs: 3000 });
    kafka.stop(1);
    const error = await errorOf(producer.send('t', { value: 'lost' }));
    expect(error).toMatchObject({ code: ErrorCode.REQUEST_TIMED_OUT, topic: 't', partition: 0 });
    expect(error.message).toContain('broker1:9092');
    kafka.start(1);
    await producer.send('t', { value: 'next' });
    expect(kafka.values('t', 0)).toEqual(['warm', 'next']);
    await ks.close();
  });

  test('closed with its client settles every send', async () => {
    const { kafka, ks, producer } = await opened();
    kafka.script(Produce, () => 'silence');
    const sent = Promise.allSettled([producer.send('t', { value: 'a' }), producer.send('t', { value: 'b' })]);
    await ks.close();
    for (const one of await sent) {
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: ClientErrorCode.CLOSED });
    }
    expect([kafka.network.openConnections, kafka.clock.pending]).toEqual([0, 0]);
  });
});
