import { encodeEndTransactionMarker, encodePlainRecordBatch } from '@ks/protocol';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ClientErrorCode } from '../src/kafka-error.ts';
import { topic } from '../src/topic/topic.ts';
import { first, inputs, put, text, valuesOf } from './fake/abcd.ts';
import { errorOf } from './fake/error-of.ts';
import { FakeKafka } from './fake/fake-kafka.ts';
import { openClient } from './fake/open-client.ts';

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
