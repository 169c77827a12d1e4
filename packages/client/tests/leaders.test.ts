import { ErrorCode, Fetch, Metadata, OffsetForLeaderEpoch, Produce } from '@ks/protocol';
import { describe, expect, test } from 'vitest';
import { ClientErrorCode } from '../src/kafka-error.ts';
import { first, put, text, valuesOf } from './fake/abcd.ts';
import { errorOf } from './fake/error-of.ts';
import { FakeKafka } from './fake/fake-kafka.ts';
import { openClient } from './fake/open-client.ts';

// Leaders that move: who says so (KIP-951), and what a new one may lack (KIP-320).

function twoBrokers(): FakeKafka {
  const kafka = new FakeKafka(2);
  kafka.createTopic('t');
  put(kafka, 't', 0, 'a', 'b');
  put(kafka, 't', 0, 'c', 'd');
  return kafka;
}

describe('a broker that says who leads in its place', () => {
  test('spares a producer the metadata and the wait', async () => {
    const kafka = twoBrokers();
    kafka.givesHints = true;
    await using ks = await openClient(kafka);
    const producer = ks.producer();
    await producer.send('t', { value: 'warm' });
    const [asked, fromMs] = [kafka.requests(Metadata).length, kafka.clock.monotonicMs()];
    kafka.moveLeader('t', 0, 2);
    expect(await producer.send('t', { value: 'moved' })).toMatchObject({ offset: 5 });
    expect(kafka.requests(Produce).map(({ nodeId }) => nodeId)).toEqual([1, 1, 2]);
    expect([kafka.requests(Metadata).length, kafka.clock.monotonicMs()]).toEqual([asked, fromMs]);
  });

  test('spares a consumer the same', async () => {
    const kafka = twoBrokers();
    kafka.givesHints = true;
    await using ks = await openClient(kafka);
    await using consumer = ks.consumer({ from: 'beginning' });
    const values: string[] = [];
    let asked = 0;
    for await (const record of consumer.read('t')) {
      values.push(text(record.value));
      if (values.length === 4) {
        asked = kafka.requests(Metadata).length;
        kafka.moveLeader('t', 0, 2);
        put(kafka, 't', 0, 'e');
      }
      if (values.length === 5) break;
    }
    expect(values).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(kafka.requests(Metadata)).toHaveLength(asked);
  });

  test('is not believed when it knows less', async () => {
    const kafka = twoBrokers();
    await using ks = await openClient(kafka);
    const producer = ks.producer();
    kafka.moveLeader('t', 0, 2);
    await producer.send('t', { value: 'warm' });
    kafka.script(Produce, ({ topicData }) => ({
      responses: topicData.map(({ name, topicId, partitionData }) => ({
        name,
        topicId,
        partitionResponses: partitionData.map(({ index }) => ({
          index,
          errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER,
          baseOffset: -1,
          currentLeader: { leaderId: 1, leaderEpoch: 0 },
        })),
      })),
      nodeEndpoints: [{ nodeId: 1, host: 'broker1', port: 9092, rack: null }],
    }));
    await producer.send('t', { value: 'next' });
    expect(kafka.requests(Produce).map(({ nodeId }) => nodeId)).toEqual([2, 2, 2]);
  });
});

describe('a new leader', () => {
  test('is asked whether it has what was read, and read on when it does', async () => {
    const kafka = twoBrokers();
    await using ks = await openClient(kafka);
    await using consumer = ks.consumer({ from: 'beginning' });
    await consumer.assign([first]);
    expect(await valuesOf(consumer)).toEqual(['a', 'b', 'c', 'd']);
    kafka.moveLeader('t', 0, 2);
    put(kafka, 't', 0, 'e');
    expect(await valuesOf(consumer)).toEqual(['e']);
    expect(kafka.requests(OffsetForLeaderEpoch)).toMatchObject([
      {
        nodeId: 2,
        body: { topics: [{ topic: 't', partitions: [{ partition: 0, currentLeaderEpoch: 1, leaderEpoch: 0 }] }] },
      },
    ]);
  });

  test('that lacks what was read is told as LOG_TRUNCATED with the place, and reading goes on after a seek', async () => {
    const kafka = twoBrokers();
    await using ks = await openClient(kafka);
    await using consumer = ks.consumer({ from: 'beginning' });
    await consumer.assign([first]);
    expect(await valuesOf(consumer)).toEqual(['a', 'b', 'c', 'd']);
    kafka.truncate('t', 0, 2);
    kafka.moveLeader('t', 0, 2);
    put(kafka, 't', 0, 'C', 'D', 'E');
    const error = await errorOf(valuesOf(consumer));
    expect(error).toMatchObject({ code: ClientErrorCode.LOG_TRUNCATED, name: 'LOG_TRUNCATED', ...first, offset: 2 });
    await consumer.seek([{ ...first, offset: error.offset }]);
    expect(await valuesOf(consumer)).toEqual(['C', 'D', 'E']);
  });

  test('is read from where the logs part, where outOfRange says to go on', async () => {
    const kafka = twoBrokers();
    await using ks = await openClient(kafka);
    await using consumer = ks.consumer({ from: 'beginning', outOfRange: 'end' });
    await consumer.assign([first]);
    expect(await valuesOf(consumer)).toEqual(['a', 'b', 'c', 'd']);
    kafka.truncate('t', 0, 2);
    kafka.moveLeader('t', 0, 2);
    put(kafka, 't', 0, 'C', 'D', 'E');
    expect(await valuesOf(consumer)).toEqual(['C', 'D', 'E']);
  });

  test('that lacks what was fetched and not handed out is no trouble: that is fetched anew', async () => {
    const kafka = twoBrokers();
    await using ks = await openClient(kafka);
    await using consumer = ks.consumer({ from: 'beginning' });
    const values: string[] = [];
    for await (const record of consumer.read('t')) {
      values.push(text(record.value));
      if (values.length === 1) {
        // Everything is fetched by now; of that the second batch is lost.
        await new Promise((resolve) => setTimeout(resolve, 20));
        kafka.truncate('t', 0, 2);
        kafka.moveLeader('t', 0, 2);
        put(kafka, 't', 0, 'C');
        while (kafka.requests(Fetch).every(({ nodeId }) => nodeId !== 2))
          await new Promise((resolve) => setImmediate(resolve));
      }
      if (values.length === 3) break;
    }
    expect(values).toEqual(['a', 'b', 'C']);
  });
});
