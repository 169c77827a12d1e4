import { ErrorCode, Fetch } from '@ks/protocol';
import { describe, expect, test } from 'vitest';
import { abcd, first, put, text, valuesOf } from './fake/abcd.ts';
import { errorOf } from './fake/error-of.ts';
import { FakeKafka } from './fake/fake-kafka.ts';
import { openClient } from './fake/open-client.ts';

describe('trouble', () => {
  test('a leader that moves is followed', async () => {
    const kafka = new FakeKafka(2);
    kafka.createTopic('t');
    put(kafka, 't', 0, 'a');
    await using ks = await openClient(kafka);
    await using consumer = ks.consumer({ from: 'beginning' });
    const values: string[] = [];
    for await (const record of consumer.read('t')) {
      values.push(text(record.value));
      if (values.length === 3) break;
      kafka.moveLeader('t', 0, values.length === 1 ? 2 : 1);
      kafka.clock.setTimer(300, () => put(kafka, 't', 0, `after ${values.length}`));
    }
    expect(values).toEqual(['a', 'after 1', 'after 2']);
    expect(new Set(kafka.requests(Fetch).map(({ nodeId }) => nodeId))).toEqual(new Set([1, 2]));
  });

  test('a broker that is restarted is found again', async () => {
    const kafka = abcd();
    await using ks = await openClient(kafka);
    await using consumer = ks.consumer({ from: 'end' });
    await consumer.assign([first]);
    kafka.clock.setTimer(700, () => kafka.stop(1));
    kafka.clock.setTimer(4000, () => {
      kafka.start(1);
      put(kafka, 't', 0, 'e');
    });
    for await (const record of consumer.read()) {
      expect(text(record.value)).toBe('e');
      break;
    }
  });

  test('a topic that is deleted ends the reading', async () => {
    const kafka = abcd();
    await using ks = await openClient(kafka);
    await using consumer = ks.consumer({ from: 'end' });
    await consumer.assign([first]);
    kafka.clock.setTimer(700, () => {
      kafka.topics.delete('t');
      kafka.wake();
    });
    expect(await errorOf(valuesOf(consumer, {}))).toMatchObject({
      code: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      topic: 't',
    });
  });

  test('a batch whose checksum is wrong is an error that says where, and can be left out', async () => {
    const kafka = abcd();
    const batch = kafka.partition('t', 0).batches[1];
    if (batch === undefined) throw new Error('no batch');
    batch[batch.length - 2] = (batch[batch.length - 2] ?? 0) ^ 1;
    await using ks = await openClient(kafka);
    await using consumer = ks.consumer({ from: 'beginning' });
    await consumer.assign([first]);
    const error = await errorOf(valuesOf(consumer));
    expect(error).toMatchObject({ code: ErrorCode.CORRUPT_MESSAGE, ...first, offset: 2, retriable: false });
    await consumer.seek([{ ...first, offset: 4 }]);
    expect(await valuesOf(consumer)).toEqual([]);
    await using careless = ks.consumer({ from: 'beginning', checkCrcs: false });
    await careless.assign([first]);
    expect(await valuesOf(careless)).toHaveLength(4);
  });
});

test('prefetching is bounded by bytes', async () => {
  const kafka = new FakeKafka();
  kafka.createTopic('t', 4);
  for (let turn = 0; turn < 80; turn += 1) put(kafka, 't', turn % 4, 'x'.repeat(1000));
  await using ks = await openClient(kafka);
  await using consumer = ks.consumer({ from: 'beginning', partitionMaxBytes: 2000, prefetchBytes: 5000 });
  const fetched = new Map<number, number>();
  let count = 0;
  let mostAhead = 0;
  for await (const _ of consumer.read({ until: 'end' }, 't')) {
    // Time enough to fetch everything, if that were allowed.
    await new Promise((resolve) => setTimeout(resolve, 2));
    for (const { body } of kafka.requests(Fetch)) {
      for (const { partition, fetchOffset } of body.topics[0]?.partitions ?? []) {
        fetched.set(partition, Math.max(fetched.get(partition) ?? 0, fetchOffset));
      }
    }
    mostAhead = Math.max(mostAhead, [...fetched.values()].reduce((sum, offset) => sum + offset, 0) - count);
    count += 1;
  }
  expect(count).toBe(80);
  // Five batches fit; one fetch that starts below the bound may bring one batch more of each partition.
  expect(mostAhead).toBeGreaterThanOrEqual(3);
  expect(mostAhead).toBeLessThanOrEqual(9);
});
