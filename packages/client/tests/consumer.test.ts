import { encodeEndTransactionMarker, encodePlainRecordBatch, ErrorCode, Fetch, type RecordInput } from '@ks/protocol';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Consumer } from '../src/consumer/consumer.ts';
import type { ReadOptions } from '../src/consumer/consumer-options.ts';
import { ClientErrorCode } from '../src/kafka-error.ts';
import { topic } from '../src/topic/topic.ts';
import { errorOf } from './fake/error-of.ts';
import { FakeKafka } from './fake/fake-kafka.ts';
import { openClient } from './fake/open-client.ts';

const text = (bytes: Uint8Array | null): string => Buffer.from(bytes ?? []).toString();
const inputs = (...values: string[]): RecordInput[] =>
  values.map((value, index) => ({ timestamp: 1000 + index, value: Buffer.from(value) }));

function put(kafka: FakeKafka, name: string, partition: number, ...values: string[]): number {
  return kafka.append(name, partition, encodePlainRecordBatch(inputs(...values), { checksum: kafka.core }));
}

async function valuesOf(consumer: Consumer, options: ReadOptions = { until: 'end' }): Promise<string[]> {
  const values: string[] = [];
  for await (const record of consumer.read(options)) values.push(text(record.value));
  return values;
}

/** A cluster with one topic of one partition that holds a, b, c and d in two batches. */
function abcd(): FakeKafka {
  const kafka = new FakeKafka();
  kafka.createTopic('t');
  put(kafka, 't', 0, 'a', 'b');
  put(kafka, 't', 0, 'c', 'd');
  return kafka;
}

const first = { topic: 't', partition: 0 };

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

describe('reading until the end', () => {
  test('ends at once where there is nothing', async () => {
    const kafka = new FakeKafka();
    kafka.createTopic('t', 3);
    await using ks = await openClient(kafka);
    await using consumer = ks.consumer({ from: 'beginning' });
    await consumer.assign([{ topic: 't' }]);
    expect(await valuesOf(consumer)).toEqual([]);
    expect(kafka.requests(Fetch)).toEqual([]);
  });

  test('does not count what comes later', async () => {
    const kafka = abcd();
    await using ks = await openClient(kafka);
    await using consumer = ks.consumer({ from: 'beginning' });
    const values: string[] = [];
    for await (const record of consumer.read({ until: 'end' }, 't')) {
      values.push(text(record.value));
      put(kafka, 't', 0, 'later');
    }
    expect(values).toEqual(['a', 'b', 'c', 'd']);
    expect(consumer.position(first)).toBe(4);
  });

  test('comes over markers and over offsets that compaction removed', async () => {
    const kafka = abcd();
    const marker = { producerId: 7, producerEpoch: 0, committed: true, coordinatorEpoch: 0, timestampMs: 0 };
    kafka.append('t', 0, encodeEndTransactionMarker(marker, kafka.core));
    await using ks = await openClient(kafka);
    await using consumer = ks.consumer({ from: 'beginning' });
    await consumer.assign([first]);
    expect(await valuesOf(consumer)).toEqual(['a', 'b', 'c', 'd']);
    expect(consumer.position(first)).toBe(5);
    // The last record of this batch is gone, but it still takes up its offsets.
    const holes = encodePlainRecordBatch([{ timestamp: 0, value: Buffer.from('f'), offsetDelta: 1 }], {
      checksum: kafka.core,
    });
    new DataView(holes.buffer, holes.byteOffset).setInt32(23, 6);
    new DataView(holes.buffer, holes.byteOffset).setUint32(17, kafka.core.crc32c(holes.subarray(21)));
    kafka.append('t', 0, holes);
    expect(await valuesOf(consumer)).toEqual(['f']);
    expect(consumer.position(first)).toBe(12);
  });

  test('stops before the offsets that were given, within a batch too', async () => {
    const kafka = abcd();
    await using ks = await openClient(kafka);
    await using consumer = ks.consumer({ from: 'beginning' });
    await consumer.assign([first]);
    expect(await valuesOf(consumer, { until: [{ ...first, offset: 3 }] })).toEqual(['a', 'b', 'c']);
    expect(consumer.position(first)).toBe(3);
    expect(await valuesOf(consumer)).toEqual(['d']);
    await consumer.seek([{ ...first, offset: 1 }]);
    const batches = [];
    for await (const batch of consumer.batches({ until: [{ ...first, offset: 3 }] })) {
      batches.push([batch.firstOffset, batch.lastOffset, [...batch.records()].map((record) => text(record.value))]);
    }
    expect(batches).toEqual([
      [1, 1, ['b']],
      [2, 2, ['c']],
    ]);
    expect(consumer.position(first)).toBe(3);
  });
});

describe('moving about', () => {
  test('a seek while reading drops what was fetched', async () => {
    const kafka = abcd();
    await using ks = await openClient(kafka);
    await using consumer = ks.consumer({ from: 'beginning' });
    const offsets: number[] = [];
    for await (const record of consumer.read('t')) {
      offsets.push(record.offset);
      if (offsets.length === 2) await consumer.seek([{ ...first, offset: 3 }]);
      if (offsets.length === 3) await consumer.seek([{ ...first, offset: 'beginning' }]);
      if (offsets.length === 5) break;
    }
    expect(offsets).toEqual([0, 1, 3, 0, 1]);
  });

  test('a paused partition waits with what it has', async () => {
    const kafka = new FakeKafka();
    kafka.createTopic('t', 2);
    put(kafka, 't', 0, 'a0', 'a1', 'a2');
    put(kafka, 't', 1, 'b0', 'b1');
    await using ks = await openClient(kafka);
    await using consumer = ks.consumer({ from: 'beginning' });
    const values: string[] = [];
    for await (const record of consumer.read({ until: 'end' }, 't')) {
      values.push(text(record.value));
      if (values.length === 1) consumer.pause([first]);
      if (text(record.value) === 'b1') kafka.clock.setTimer(3000, () => consumer.resume([first]));
      expect(consumer.paused().length).toBe(values.length < 3 ? Number(values.length > 0) : consumer.paused().length);
    }
    expect(values).toEqual(['a0', 'b0', 'b1', 'a1', 'a2']);
  });

  test('what is not assigned cannot be asked about', async () => {
    const kafka = abcd();
    await using ks = await openClient(kafka);
    await using consumer = ks.consumer();
    expect(() => consumer.position(first)).toThrow('t-0 is not assigned');
    expect((await errorOf(consumer.assign([first, first]))).message).toContain('twice');
    expect((await errorOf(consumer.assign([{ topic: 't', partition: 4 }]))).code).toBe(
      ClientErrorCode.INVALID_ARGUMENT,
    );
    expect((await errorOf(consumer.assign([{ ...first, offset: -5 }]))).code).toBe(ClientErrorCode.INVALID_ARGUMENT);
  });

  test('ends and beginnings are those of the log', async () => {
    const kafka = abcd();
    kafka.partition('t', 0).logStartOffset = 2;
    await using ks = await openClient(kafka);
    await using consumer = ks.consumer();
    await consumer.assign([first]);
    expect(await consumer.beginningOffsets()).toEqual([{ ...first, offset: 2 }]);
    expect(await consumer.endOffsets()).toEqual([{ ...first, offset: 4 }]);
  });
});

describe('a position out of range', () => {
  const truncated = (): FakeKafka => {
    const kafka = abcd();
    kafka.partition('t', 0).logStartOffset = 2;
    kafka.partition('t', 0).batches.shift();
    return kafka;
  };

  test('is an error, and reading goes on after a seek', async () => {
    const kafka = truncated();
    await using ks = await openClient(kafka);
    await using consumer = ks.consumer();
    await consumer.assign([{ ...first, offset: 0 }]);
    expect(await errorOf(valuesOf(consumer))).toMatchObject({
      code: ErrorCode.OFFSET_OUT_OF_RANGE,
      ...first,
      offset: 0,
    });
    await consumer.seek([{ ...first, offset: 'beginning' }]);
    expect(await valuesOf(consumer)).toEqual(['c', 'd']);
  });

  test.each([
    ['beginning', ['c', 'd']],
    ['end', []],
  ] as const)('goes to the %s where that was asked for', async (outOfRange, expected) => {
    const kafka = truncated();
    await using ks = await openClient(kafka);
    await using consumer = ks.consumer({ outOfRange });
    await consumer.assign([{ ...first, offset: 0 }]);
    expect(await valuesOf(consumer)).toEqual(expected);
    expect(consumer.position(first)).toBe(4);
  });
});

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

describe('transactions', () => {
  const withTransactions = (): FakeKafka => {
    const kafka = new FakeKafka();
    kafka.createTopic('t');
    const write = (producerId: number, ...values: string[]): number =>
      kafka.append(
        't',
        0,
        encodePlainRecordBatch(inputs(...values), {
          checksum: kafka.core,
          producerId,
          producerEpoch: 0,
          baseSequence: 0,
          isTransactional: true,
        }),
      );
    const end = (producerId: number, committed: boolean): number =>
      kafka.append(
        't',
        0,
        encodeEndTransactionMarker(
          { producerId, producerEpoch: 0, committed, coordinatorEpoch: 0, timestampMs: 0 },
          kafka.core,
        ),
      );
    put(kafka, 't', 0, 'plain');
    const aborted = write(7, 'aborted 1');
    write(8, 'committed');
    write(7, 'aborted 2');
    end(7, false);
    write(7, 'second try');
    end(7, true);
    end(8, true);
    kafka.partition('t', 0).aborted.push({ producerId: 7, firstOffset: aborted });
    kafka.partition('t', 0).lastStableOffset = write(9, 'still open');
    return kafka;
  };

  test('that were aborted or are open are not shown under read_committed', async () => {
    const kafka = withTransactions();
    await using ks = await openClient(kafka);
    await using consumer = ks.consumer({ from: 'beginning', isolationLevel: 'read_committed' });
    await consumer.assign([first]);
    expect(await valuesOf(consumer)).toEqual(['plain', 'committed', 'second try']);
    expect(await consumer.endOffsets()).toEqual([{ ...first, offset: consumer.position(first) }]);
  });

  test('are all shown otherwise', async () => {
    const kafka = withTransactions();
    await using ks = await openClient(kafka);
    await using consumer = ks.consumer({ from: 'beginning' });
    await consumer.assign([first]);
    expect(await valuesOf(consumer)).toEqual([
      'plain',
      'aborted 1',
      'committed',
      'aborted 2',
      'second try',
      'still open',
    ]);
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

describe('typed topics', () => {
  const orders = topic('orders', { key: z.string().optional(), value: z.object({ cents: z.int() }) });
  const notes = topic('notes', { value: z.string(), tombstones: true });

  const filled = (): FakeKafka => {
    const kafka = new FakeKafka();
    kafka.createTopic('orders');
    kafka.createTopic('notes');
    put(kafka, 'orders', 0, '{"cents":5}', 'nonsense', '{"cents":"x"}', '{"cents":7}');
    put(kafka, 'notes', 0, '"hello"');
    kafka.append('notes', 0, encodePlainRecordBatch([{ timestamp: 0, value: null }], { checksum: kafka.core }));
    return kafka;
  };

  test('are told apart by name', async () => {
    const kafka = filled();
    await using ks = await openClient(kafka);
    await using consumer = ks.consumer({ from: 'beginning' });
    let cents = 0;
    const texts: (string | null)[] = [];
    for await (const record of consumer.read({ until: 'end', onInvalid: 'skip' }, orders, notes)) {
      if (record.topic === 'orders') cents += record.value.cents;
      else texts.push(record.value);
    }
    expect(cents).toBe(12);
    expect(texts).toEqual(['hello', null]);
  });

  test('throw at what is invalid, and go on at it', async () => {
    const kafka = filled();
    await using ks = await openClient(kafka);
    await using consumer = ks.consumer({ from: 'beginning' });
    const read = async (): Promise<void> => {
      for await (const _ of consumer.read(orders));
    };
    const place = { topic: 'orders', partition: 0, offset: 1 };
    expect(await errorOf(read())).toMatchObject({ code: ClientErrorCode.INVALID_DATA, ...place });
    expect(await errorOf(read())).toMatchObject(place);
    await consumer.seek([{ topic: orders, partition: 0, offset: 2 }]);
    expect(await errorOf(read())).toMatchObject({ offset: 2 });
  });

  test('give what is invalid as bytes where that is asked for', async () => {
    const kafka = filled();
    await using ks = await openClient(kafka);
    await using consumer = ks.consumer({ from: 'beginning' });
    const seen: string[] = [];
    for await (const record of consumer.read({ until: 'end', onInvalid: 'raw' }, orders)) {
      if ('invalid' in record) seen.push(`${record.invalid.name} ${text(record.value)}`);
      else seen.push(`${record.value.cents}`);
    }
    expect(seen).toEqual(['5', 'INVALID_DATA nonsense', 'INVALID_DATA {"cents":"x"}', '7']);
  });
});
