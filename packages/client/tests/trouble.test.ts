import { ErrorCode, Fetch, InitProducerId, Metadata, Produce } from '@ks/protocol';
import { describe, expect, test } from 'vitest';
import { abcd, first, valuesOf } from './fake/abcd.ts';
import { errorOf } from './fake/error-of.ts';
import { FakeKafka } from './fake/fake-kafka.ts';
import { openClient } from './fake/open-client.ts';

// Brokers that refuse, say nothing, take their time or tell to wait. Each ends in a typed error, or with every record once and in order.

async function opened(kafka: FakeKafka) {
  const ks = await openClient(kafka);
  const closed = async (afterMs = 600): Promise<void> => {
    await ks.close();
    // What the broker has under way ends too, a long poll if nothing else.
    await new Promise<void>((resolve) => void kafka.clock.setTimer(afterMs, resolve));
    expect([kafka.network.openConnections, kafka.clock.pending]).toEqual([0, 0]);
  };
  return { ks, closed };
}

const records = (count: number) => Array.from({ length: count }, (_, index) => ({ value: `${index}` }));
const values = (count: number) => records(count).map(({ value }) => value);

describe('what is not allowed', () => {
  test('to write: the record is refused at once, with the topic', async () => {
    const kafka = abcd();
    const { ks, closed } = await opened(kafka);
    kafka.serve(Produce, ({ topicData }) => ({
      responses: topicData.map(({ name, topicId, partitionData }) => ({
        name,
        topicId,
        partitionResponses: partitionData.map(({ index }) => ({
          index,
          errorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED,
          baseOffset: -1,
        })),
      })),
    }));
    const error = await errorOf(ks.producer().send('t', { value: 'x' }));
    expect(error).toMatchObject({ code: ErrorCode.TOPIC_AUTHORIZATION_FAILED, retriable: false, topic: 't' });
    expect(kafka.requests(Produce)).toHaveLength(1);
    await closed();
  });

  test('to write without repetition: the send is refused with CLUSTER_AUTHORIZATION_FAILED', async () => {
    const kafka = abcd();
    const { ks, closed } = await opened(kafka);
    kafka.serve(InitProducerId, () => ({
      throttleTimeMs: 0,
      errorCode: ErrorCode.CLUSTER_AUTHORIZATION_FAILED,
      producerId: -1,
      producerEpoch: -1,
    }));
    const error = await errorOf(ks.producer().send('t', { value: 'x' }));
    expect(error).toMatchObject({ code: ErrorCode.CLUSTER_AUTHORIZATION_FAILED, retriable: false });
    expect(kafka.requests(Produce)).toEqual([]);
    await closed();
  });

  test('to read: the reader is told, and the position stays', async () => {
    const kafka = abcd();
    const { ks, closed } = await opened(kafka);
    const consumer = ks.consumer({ from: 'beginning' });
    await consumer.assign([first]);
    kafka.script(Fetch, ({ topics }) => ({
      responses: topics.map(({ topic, topicId, partitions }) => ({
        topic,
        topicId,
        partitions: partitions.map(({ partition: partitionIndex }) => ({
          partitionIndex,
          errorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED,
          highWatermark: -1,
        })),
      })),
    }));
    const error = await errorOf(valuesOf(consumer));
    expect(error).toMatchObject({ code: ErrorCode.TOPIC_AUTHORIZATION_FAILED, retriable: false, ...first });
    await consumer.seek([{ ...first, offset: consumer.position(first) }]);
    expect(await valuesOf(consumer)).toEqual(['a', 'b', 'c', 'd']);
    await consumer.close();
    await closed();
  });

  test('to know: whoever asks for the topic is told, and asked but once', async () => {
    const kafka = abcd();
    const { ks, closed } = await opened(kafka);
    kafka.script(Metadata, ({ topics }) => ({
      brokers: [{ nodeId: 1, ...kafka.addressOf(1) }],
      controllerId: 1,
      topics: (topics ?? []).map(({ name }) => ({
        name,
        errorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED,
        partitions: [],
      })),
    }));
    const error = await errorOf(ks.producer().send('t', { value: 'x' }));
    expect(error).toMatchObject({ code: ErrorCode.TOPIC_AUTHORIZATION_FAILED, retriable: false, topic: 't' });
    await closed();
  });
});

test('a topic that nobody knows is UNKNOWN_TOPIC_OR_PARTITION, to write and to read', async () => {
  const kafka = abcd();
  const { ks, closed } = await opened(kafka);
  const unknown = { code: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, retriable: false, topic: 'nowhere' };
  expect(await errorOf(ks.producer().send('nowhere', { value: 'x' }))).toMatchObject(unknown);
  expect(await errorOf(ks.consumer().read('nowhere').next())).toMatchObject(unknown);
  await closed();
});

describe('a broker', () => {
  test('that swallows a fetch is given up in its time, and read on over another connection, every record once', async () => {
    const kafka = abcd();
    const { ks, closed } = await opened(kafka);
    const consumer = ks.consumer({ from: 'beginning', partitionMaxBytes: 1 });
    kafka.script(Fetch, () => undefined);
    kafka.script(Fetch, () => 'silence');
    const fromMs = kafka.clock.monotonicMs();
    const read: string[] = [];
    for await (const { value } of consumer.read({ until: 'end' }, 't')) read.push(Buffer.from(value ?? []).toString());
    expect(read).toEqual(['a', 'b', 'c', 'd']);
    // maxWaitMs and requestTimeoutMs of the test's client.
    expect(kafka.clock.monotonicMs() - fromMs).toBeGreaterThanOrEqual(10_500);
    await consumer.close();
    await closed();
  });

  test('that tells a reader to wait is left alone so long', async () => {
    const kafka = abcd();
    const { ks, closed } = await opened(kafka);
    const consumer = ks.consumer({ from: 'beginning', partitionMaxBytes: 1 });
    kafka.script(Fetch, ({ topics }) => ({
      throttleTimeMs: 7000,
      responses: topics.map(({ topic, topicId, partitions }) => ({
        topic,
        topicId,
        partitions: partitions.map(({ partition: partitionIndex }) => ({
          partitionIndex,
          errorCode: 0,
          highWatermark: 4,
        })),
      })),
    }));
    const fromMs = kafka.clock.monotonicMs();
    await consumer.assign([first]);
    expect(await valuesOf(consumer)).toEqual(['a', 'b', 'c', 'd']);
    expect(kafka.clock.monotonicMs() - fromMs).toBeGreaterThanOrEqual(7000);
    await consumer.close();
    await closed();
  });

  test('that takes its time, though less than the time-out, costs time and nothing else', async () => {
    const kafka = new FakeKafka();
    kafka.createTopic('t');
    kafka.delayMs = 8000;
    const { ks, closed } = await opened(kafka);
    const producer = ks.producer({ batchBytes: 200 });
    const sent = await producer.sendBatch('t', records(50));
    expect(sent.map(({ offset }) => offset)).toEqual(sent.map((_, index) => index));
    expect(kafka.values('t', 0)).toEqual(values(50));
    const consumer = ks.consumer({ from: 'beginning' });
    await consumer.assign([first]);
    expect(await valuesOf(consumer)).toEqual(values(50));
    await consumer.close();
    await closed();
  });

  test('that takes longer than the time-out is REQUEST_TIMED_OUT when the record has no time left; it is there once at most', async () => {
    const kafka = new FakeKafka();
    kafka.createTopic('t');
    const { ks, closed } = await opened(kafka);
    const producer = ks.producer({ deliveryTimeoutMs: 30_000 });
    await producer.send('t', { value: 'warm' });
    kafka.delayMs = 20_000;
    const error = await errorOf(producer.send('t', { value: 'slow' }));
    expect(error).toMatchObject({ code: ErrorCode.REQUEST_TIMED_OUT, topic: 't', partition: 0 });
    expect(kafka.values('t', 0).filter((value) => value === 'slow').length).toBeLessThanOrEqual(1);
    kafka.delayMs = 0;
    await producer.send('t', { value: 'next' });
    expect(kafka.values('t', 0).at(-1)).toBe('next');
    await closed(21_000);
  });
});
