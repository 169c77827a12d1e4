import { ErrorCode, InitProducerId, Produce, RecordBatch } from '@ks/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ClientErrorCode } from '../src/kafka-error.ts';
import { errorOf } from './fake/error-of.ts';
import { FakeKafka } from './fake/fake-kafka.ts';
import { openClient } from './fake/open-client.ts';

// Brokers of the fake cluster refuse gaps in sequences and keep a batch that comes again once, as real ones do.

const sequences = (kafka: FakeKafka): (readonly [producerId: number, baseSequence: number])[] =>
  kafka.requests(Produce).flatMap(({ body }) =>
    body.topicData.flatMap(({ partitionData }) =>
      partitionData.map(({ records }) => {
        const { producerId, baseSequence } = new RecordBatch(records ?? new Uint8Array());
        return [producerId, baseSequence] as const;
      }),
    ),
  );

describe('an idempotent producer', () => {
  test('asks for its id once, and numbers the batches of each partition', async () => {
    const kafka = new FakeKafka();
    kafka.createTopic('t', 2);
    await using ks = await openClient(kafka);
    const producer = ks.producer();
    for (const value of ['a', 'b', 'c']) await producer.send('t', { value, partition: 0 });
    await producer.sendBatch('t', [
      { value: 'x', partition: 1 },
      { value: 'y', partition: 1 },
    ]);
    await producer.send('t', { value: 'z', partition: 1 });
    expect(kafka.requests(InitProducerId)).toHaveLength(1);
    expect(sequences(kafka).map(([, sequence]) => sequence)).toEqual([0, 1, 2, 0, 2]);
    expect(new Set(sequences(kafka).map(([id]) => id)).size).toBe(1);
  });

  test('a batch whose answer was lost is there once, with the offset it got first', async () => {
    const kafka = new FakeKafka();
    kafka.createTopic('t');
    await using ks = await openClient(kafka);
    const producer = ks.producer();
    await producer.send('t', { value: 'before' });
    kafka.script(Produce, (request, nodeId) => {
      kafka.produce(nodeId, request);
      return 'close';
    });
    expect(await producer.send('t', { value: 'once' })).toMatchObject({ offset: 1 });
    expect(kafka.values('t', 0)).toEqual(['before', 'once']);
  });

  test('one that is not shows what it is good for: the batch is there twice', async () => {
    const kafka = new FakeKafka();
    kafka.createTopic('t');
    await using ks = await openClient(kafka);
    const producer = ks.producer({ idempotent: false });
    kafka.script(Produce, (request, nodeId) => {
      kafka.produce(nodeId, request);
      return 'close';
    });
    await producer.send('t', { value: 'twice' });
    expect(kafka.values('t', 0)).toEqual(['twice', 'twice']);
    expect(kafka.requests(InitProducerId)).toHaveLength(0);
  });

  test('brokers that forgot it get the same records under another id, in order', async () => {
    const kafka = new FakeKafka();
    kafka.createTopic('t');
    await using ks = await openClient(kafka);
    const producer = ks.producer();
    await producer.send('t', { value: 'a' });
    kafka.producers.forget();
    await Promise.all([producer.send('t', { value: 'b' }), producer.send('t', { value: 'c' })]);
    await producer.send('t', { value: 'd' });
    expect(kafka.values('t', 0)).toEqual(['a', 'b', 'c', 'd']);
    expect(kafka.requests(InitProducerId)).toHaveLength(2);
  });

  test('a batch that was given up leaves no gap for the next', async () => {
    const kafka = new FakeKafka();
    kafka.createTopic('t');
    await using ks = await openClient(kafka);
    const producer = ks.producer();
    kafka.script(Produce, (request) => ({
      responses: request.topicData.map(({ name, topicId, partitionData }) => ({
        name,
        topicId,
        partitionResponses: partitionData.map(({ index }) => ({
          index,
          errorCode: ErrorCode.MESSAGE_TOO_LARGE,
          baseOffset: -1,
        })),
      })),
    }));
    expect((await errorOf(producer.send('t', { value: 'refused' }))).code).toBe(ErrorCode.MESSAGE_TOO_LARGE);
    await producer.send('t', { value: 'next' });
    expect(kafka.values('t', 0)).toEqual(['next']);
  });

  test("takes acks 'all', and says so", async () => {
    const kafka = new FakeKafka();
    await using ks = await openClient(kafka);
    expect((await errorOf((async () => ks.producer({ acks: 1, idempotent: true }))())).code).toBe(
      ClientErrorCode.INVALID_ARGUMENT,
    );
  });

  test('whatever is lost on the way, every record is there once and in order', async () => {
    const fault = fc.constantFrom('none', 'request lost', 'answer lost', 'not leader');
    await fc.assert(
      fc.asyncProperty(fc.array(fault, { maxLength: 12 }), fc.integer({ min: 1, max: 80 }), async (faults, count) => {
        const kafka = new FakeKafka();
        kafka.createTopic('t', 2);
        await using ks = await openClient(kafka);
        const producer = ks.producer({ batchBytes: 200 });
        for (const kind of faults) {
          kafka.script(Produce, (request, nodeId) => {
            if (kind === 'none') return undefined;
            if (kind === 'answer lost') kafka.produce(nodeId, request);
            if (kind !== 'not leader') return 'close';
            return {
              responses: request.topicData.map(({ name, topicId, partitionData }) => ({
                name,
                topicId,
                partitionResponses: partitionData.map(({ index }) => ({
                  index,
                  errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER,
                  baseOffset: -1,
                })),
              })),
            };
          });
        }
        const values = Array.from({ length: count }, (_, index) => `${index}`);
        const sent = await Promise.all(
          values.map((value, index) => producer.send('t', { value, partition: index % 2 })),
        );
        for (const partition of [0, 1]) {
          const expected = values.filter((_, index) => index % 2 === partition);
          expect(kafka.values('t', partition)).toEqual(expected);
          const offsets = sent.filter((_, index) => index % 2 === partition).map(({ offset }) => offset);
          expect(offsets).toEqual(expected.map((_, index) => index));
        }
      }),
      { numRuns: 60 },
    );
  });
});
