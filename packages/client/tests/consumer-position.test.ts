import { ErrorCode, encodeEndTransactionMarker, encodePlainRecordBatch, Fetch } from '@ks/protocol';
import { describe, expect, test } from 'vitest';
import { ClientErrorCode } from '../src/kafka-error.ts';
import { abcd, first, put, text, valuesOf } from './fake/abcd.ts';
import { errorOf } from './fake/error-of.ts';
import { FakeKafka } from './fake/fake-kafka.ts';
import { openClient } from './fake/open-client.ts';

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
