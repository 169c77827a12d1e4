import { describe, expect, test } from 'vitest';
import { ClientErrorCode } from '../src/kafka-error.ts';
import { abcd, first, put, text, valuesOf } from './fake/abcd.ts';
import { errorOf } from './fake/error-of.ts';
import { FakeKafka } from './fake/fake-kafka.ts';
import { openClient } from './fake/open-client.ts';

describe('reading', () => {
  test('gives every record with its place', async () => {
    const kafka = abcd();
    await using ks = await openClient(kafka);
    await using consumer = ks.consumer();
    await consumer.assign([{ ...first, offset: 'beginning' }]);
    const records = [];
    for await (const record of consumer.read({ until: 'end' })) records.push(record);
    expect(
      records.map((record) => [record.topic, record.partition, record.offset, record.timestamp, text(record.value)]),
    ).toEqual([
      ['t', 0, 0, 1000, 'a'],
      ['t', 0, 1, 1001, 'b'],
      ['t', 0, 2, 1000, 'c'],
      ['t', 0, 3, 1001, 'd'],
    ]);
    expect(records[0]).toMatchObject({
      timestampType: 'createTime',
      leaderEpoch: 0,
      key: null,
      keySizeBytes: -1,
      valueSizeBytes: 1,
      headers: [],
    });
    expect(consumer.position(first)).toBe(4);
  });

  test('starts at an offset within a batch, a time, and the end', async () => {
    const kafka = abcd();
    await using ks = await openClient(kafka);
    await using consumer = ks.consumer();
    await consumer.assign([{ ...first, offset: 3 }]);
    expect(await valuesOf(consumer)).toEqual(['d']);
    await consumer.assign([{ ...first, offset: { timestamp: 1001 } }]);
    expect(consumer.position(first)).toBe(1);
    await consumer.assign([{ ...first, offset: { timestamp: 9999 } }]);
    expect(consumer.position(first)).toBe(4);
    await consumer.assign([first]);
    expect(consumer.position(first)).toBe(4);
    expect(await valuesOf(consumer)).toEqual([]);
  });

  test('follows the log', async () => {
    const kafka = abcd();
    await using ks = await openClient(kafka);
    await using consumer = ks.consumer({ from: 'end' });
    kafka.clock.setTimer(5000, () => put(kafka, 't', 0, 'e'));
    for await (const record of consumer.read('t')) {
      expect(text(record.value)).toBe('e');
      break;
    }
  });

  test.each([1, 2])('of several partitions at %i brokers gives each in order', async (brokers) => {
    const kafka = new FakeKafka(brokers);
    kafka.createTopic('t', 2, (partition) => 1 + (partition % brokers));
    for (let turn = 0; turn < 3; turn += 1) {
      put(kafka, 't', 0, `a${turn}`);
      put(kafka, 't', 1, `b${turn}`);
    }
    await using ks = await openClient(kafka);
    await using consumer = ks.consumer({ from: 'beginning' });
    await consumer.assign([{ topic: 't' }]);
    const values = await valuesOf(consumer);
    expect(values.filter((value) => value.startsWith('a'))).toEqual(['a0', 'a1', 'a2']);
    expect(values.filter((value) => value.startsWith('b'))).toEqual(['b0', 'b1', 'b2']);
    if (brokers === 1) expect(values).toEqual(['a0', 'b0', 'a1', 'b1', 'a2', 'b2']);
  });

  test('goes on with the record at which it was broken off', async () => {
    const kafka = abcd();
    await using ks = await openClient(kafka);
    await using consumer = ks.consumer({ from: 'beginning' });
    for await (const record of consumer.read('t')) if (record.offset === 1) break;
    expect(consumer.position(first)).toBe(1);
    expect(await valuesOf(consumer)).toEqual(['b', 'c', 'd']);
  });

  test('is done by one at a time', async () => {
    const kafka = abcd();
    await using ks = await openClient(kafka);
    await using consumer = ks.consumer({ from: 'beginning' });
    const reading = consumer.read('t');
    await reading.next();
    const error = await errorOf(consumer.batches('t').next());
    expect(error.code).toBe(ClientErrorCode.INVALID_ARGUMENT);
    await reading.return();
    expect((await valuesOf(consumer)).length).toBe(4);
  });

  test('ends with its signal, also while nothing comes', async () => {
    const kafka = abcd();
    await using ks = await openClient(kafka);
    await using consumer = ks.consumer({ from: 'end' });
    await consumer.assign([first]);
    const controller = new AbortController();
    kafka.clock.setTimer(60_000, () => controller.abort());
    expect((await errorOf(valuesOf(consumer, { signal: controller.signal }))).code).toBe(ClientErrorCode.ABORTED);
  });

  test('ends quietly when the consumer is closed', async () => {
    const kafka = abcd();
    await using ks = await openClient(kafka);
    const consumer = ks.consumer({ from: 'end' });
    await consumer.assign([first]);
    kafka.clock.setTimer(1_000, () => void consumer.close());
    expect(await valuesOf(consumer, {})).toEqual([]);
    expect((await errorOf(consumer.assign([first]))).code).toBe(ClientErrorCode.CLOSED);
  });
});

describe('batches', () => {
  test('come one by one, done when the next is asked for', async () => {
    const kafka = abcd();
    await using ks = await openClient(kafka);
    await using consumer = ks.consumer({ from: 'beginning' });
    await consumer.assign([{ ...first, offset: 1 }]);
    const seen: unknown[] = [];
    for await (const batch of consumer.batches({ until: 'end' })) {
      seen.push([
        batch.firstOffset,
        batch.lastOffset,
        [...batch.records()].map((record) => text(record.value)),
        consumer.position(first),
      ]);
    }
    expect(seen).toEqual([
      [1, 1, ['b'], 1],
      [2, 3, ['c', 'd'], 2],
    ]);
    expect(consumer.position(first)).toBe(4);
  });

  test('come as they are stored where that is asked for', async () => {
    const kafka = abcd();
    await using ks = await openClient(kafka);
    await using consumer = ks.consumer({ from: 'beginning' });
    await consumer.assign([first]);
    const bytes: Uint8Array[] = [];
    for await (const { batch } of consumer.rawBatches({ until: 'end' })) bytes.push(batch.bytes.slice());
    expect(bytes).toEqual(kafka.partition('t', 0).batches);
  });
});
