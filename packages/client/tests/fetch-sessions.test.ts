import { ErrorCode, Fetch, type RequestOf, type ResponseInput } from '@ks/protocol';
import { describe, expect, test } from 'vitest';
import { abcd, first, put, text } from './fake/abcd.ts';
import { FakeKafka } from './fake/fake-kafka.ts';
import { openClient } from './fake/open-client.ts';

// What fetches name, in sessions and without, and which replica they go to.

/** An answer of a session: each partition that is given, empty but for what `more` says. */
function answer(
  request: RequestOf<typeof Fetch>,
  sessionId: number,
  more: object = {},
  errorCode = 0,
): ResponseInput<typeof Fetch> {
  return {
    errorCode,
    sessionId,
    responses: request.topics.map(({ topic, topicId, partitions }) => ({
      topic,
      topicId,
      partitions: partitions.map(({ partition: partitionIndex }) => ({
        partitionIndex,
        errorCode: 0,
        highWatermark: 4,
        ...more,
      })),
    })),
  };
}

const shape = ({ body }: { readonly body: RequestOf<typeof Fetch> }) => ({
  id: body.sessionId,
  epoch: body.sessionEpoch,
  named: body.topics.flatMap(({ partitions }) => partitions.map(({ partition }) => partition)),
  forgotten: body.forgottenTopicsData.flatMap(({ partitions }) => [...partitions]),
});

function never(): never {
  throw new Error('there was none');
}

describe('a session', () => {
  test('names everything once, then what has changed; what is paused is forgotten', async () => {
    const kafka = new FakeKafka();
    kafka.createTopic('t', 3);
    for (const partition of [0, 1, 2]) put(kafka, 't', partition, `${partition}`);
    await using ks = await openClient(kafka);
    await using consumer = ks.consumer({ from: 'beginning' });
    for (let turn = 0; turn < 5; turn += 1) {
      kafka.script(Fetch, (request) => {
        if (turn === 1) consumer.pause([{ topic: 't', partition: 2 }]);
        return answer(request, 77);
      });
    }
    const reading = consumer.read('t');
    await reading.next();
    const shapes = kafka.requests(Fetch).map(shape);
    expect(shapes.slice(0, 3)).toEqual([
      { id: 0, epoch: 0, named: [0, 1, 2], forgotten: [] },
      { id: 77, epoch: 1, named: [], forgotten: [] },
      { id: 77, epoch: 2, named: [], forgotten: [2] },
    ]);
    await reading.return();
  });

  test('that the broker does not know begins anew, and nobody notices', async () => {
    const kafka = abcd();
    await using ks = await openClient(kafka);
    await using consumer = ks.consumer({ from: 'beginning' });
    kafka.script(Fetch, (request) => answer(request, 5));
    kafka.script(Fetch, (request) => answer(request, 0, {}, ErrorCode.FETCH_SESSION_ID_NOT_FOUND));
    const values: string[] = [];
    for await (const record of consumer.read({ until: 'end' }, 't')) values.push(text(record.value));
    expect(values).toEqual(['a', 'b', 'c', 'd']);
    expect(kafka.requests(Fetch).map(shape).slice(0, 3)).toEqual([
      { id: 0, epoch: 0, named: [0], forgotten: [] },
      { id: 5, epoch: 1, named: [], forgotten: [] },
      { id: 5, epoch: 0, named: [0], forgotten: [] },
    ]);
  });
});

describe('closing a consumer', () => {
  async function withSession() {
    const kafka = abcd();
    const ks = await openClient(kafka);
    const consumer = ks.consumer({ from: 'end' });
    await consumer.assign([first]);
    kafka.script(Fetch, (request) => answer(request, 77));
    kafka.script(Fetch, () => 'silence');
    const reading = consumer.read();
    const next = reading.next();
    while (kafka.requests(Fetch).length < 2) await new Promise((resolve) => setImmediate(resolve));
    return { kafka, ks, consumer, next };
  }

  test('ends its session at the broker', async () => {
    const { kafka, ks, consumer, next } = await withSession();
    await consumer.close();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(shape(kafka.requests(Fetch).at(-1) ?? never())).toMatchObject({ id: 77, epoch: -1, named: [] });
    await ks.close();
    expect([kafka.network.openConnections, kafka.clock.pending]).toEqual([0, 0]);
  });

  test('does not wait long for a broker that says nothing', async () => {
    const { kafka, ks, consumer } = await withSession();
    const fromMs = kafka.clock.monotonicMs();
    kafka.script(Fetch, () => 'silence');
    await consumer.close();
    expect(kafka.clock.monotonicMs() - fromMs).toBeLessThanOrEqual(1000);
    await ks.close();
    expect([kafka.network.openConnections, kafka.clock.pending]).toEqual([0, 0]);
  });
});

describe('a replica that is nearer', () => {
  test('is read where the leader says so, and left when it fails', async () => {
    const kafka = new FakeKafka(2);
    kafka.createTopic('t');
    put(kafka, 't', 0, 'a', 'b');
    await using ks = await openClient(kafka);
    await using consumer = ks.consumer({ from: 'beginning', rack: 'here' });
    await consumer.assign([first]);
    kafka.script(Fetch, (request) => answer(request, 0, { preferredReadReplica: 2 }));
    const values: string[] = [];
    // The fake's followers serve nothing: the reader comes back to the leader.
    for await (const record of consumer.read({ until: 'end' })) values.push(text(record.value));
    expect(values).toEqual(['a', 'b']);
    const requests = kafka.requests(Fetch);
    expect(requests.map(({ nodeId }) => nodeId).slice(0, 3)).toEqual([1, 2, 1]);
    expect(requests[0]?.body.rackId).toBe('here');
  });

  test('that has not come so far is no reason to lose the position', async () => {
    const kafka = new FakeKafka(2);
    kafka.createTopic('t');
    put(kafka, 't', 0, 'a', 'b');
    await using ks = await openClient(kafka);
    await using consumer = ks.consumer({ from: 'beginning', rack: 'here' });
    await consumer.assign([first]);
    kafka.script(Fetch, (request) => answer(request, 0, { preferredReadReplica: 2 }));
    kafka.script(Fetch, (request) => answer(request, 0, { errorCode: ErrorCode.OFFSET_OUT_OF_RANGE }));
    const values: string[] = [];
    for await (const record of consumer.read({ until: 'end' })) values.push(text(record.value));
    expect(values).toEqual(['a', 'b']);
  });
});
