import { ApiVersions, CreateTopics, ErrorCode, Fetch, Metadata, Produce } from '@ks/protocol';
import { describe, expect, test } from 'vitest';
import { ClientErrorCode, KafkaError } from '../src/kafka-error.ts';
import { errorOf } from './fake/error-of.ts';
import { FakeKafka } from './fake/fake-kafka.ts';
import { openClient } from './fake/open-client.ts';

describe('connecting', () => {
  test('goes on to the next address when one is down', async () => {
    const kafka = new FakeKafka(2);
    kafka.stop(1);
    await using ks = await openClient(kafka, {
      bootstrap: [
        { host: 'broker1', port: 9092 },
        { host: 'broker2', port: 9092 },
      ],
    });
    expect((await ks.admin.describeCluster()).brokers).toHaveLength(2);
  });

  test('fails when no broker can be reached, saying where it tried', async () => {
    const kafka = new FakeKafka(1);
    kafka.stop(1);
    const error = await errorOf(openClient(kafka));
    expect(error).toMatchObject({ code: ErrorCode.NETWORK_EXCEPTION, name: 'NETWORK_EXCEPTION', retriable: true });
    expect(error.message).toContain('broker1:9092');
    expect(error.message).toContain('ECONNREFUSED');
    expect(kafka.network.attempts.get('broker1:9092')).toBeGreaterThan(3);
    expect(kafka.clock.pending).toBe(0);
  });

  test('closing leaves no connection and no timer', async () => {
    const kafka = new FakeKafka(2);
    kafka.createTopic('t', 2, (partition) => partition + 1);
    const ks = await openClient(kafka);
    await ks.producer().sendBatch('t', [
      { value: 'a', partition: 0 },
      { value: 'b', partition: 1 },
    ]);
    const consumer = ks.consumer({ from: 'beginning' });
    const reading = consumer.read('t');
    await reading.next();
    const waiting = (async () => {
      for (;;) if ((await reading.next()).done === true) return 'ended';
    })();
    await ks.close();
    expect(await waiting).toBe('ended');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(kafka.network.openConnections).toBe(0);
    expect(kafka.clock.pending).toBe(0);
    expect((await errorOf(ks.admin.listTopics())).code).toBe(ClientErrorCode.CLOSED);
    expect(() => ks.producer()).toThrow(KafkaError);
  });
});

describe('versions', () => {
  test('are the highest that both sides speak', async () => {
    const kafka = new FakeKafka();
    kafka.createTopic('t');
    await using ks = await openClient(kafka);
    await ks.producer().send('t', { value: 'x' });
    expect(kafka.requests(ApiVersions)[0]?.version).toBe(4);
    expect(kafka.requests(Produce)[0]?.version).toBe(Produce.versions.max);
    expect(kafka.requests(Produce)[0]?.body.topicData[0]?.name).toBe('');
  });

  test.each([3, 2, 1, 0])('of ApiVersions go down to %i when a broker knows no more', async (max) => {
    const kafka = new FakeKafka();
    kafka.maxVersions.set(ApiVersions.key, max);
    await using ks = await openClient(kafka);
    await ks.admin.listTopics();
    expect(kafka.requests(ApiVersions).map((request) => request.version)).toEqual([max]);
  });

  test('of an old broker make topics go by name', async () => {
    const kafka = new FakeKafka();
    kafka.createTopic('t');
    kafka.maxVersions.set(Metadata.key, 7);
    kafka.maxVersions.set(Produce.key, 7);
    kafka.maxVersions.set(Fetch.key, 11);
    await using ks = await openClient(kafka);
    await ks.producer().send('t', { value: 'x' });
    expect(kafka.requests(Produce)[0]).toMatchObject({ version: 7, body: { topicData: [{ name: 't' }] } });
    await using consumer = ks.consumer({ from: 'beginning' });
    for await (const record of consumer.read({ until: 'end' }, 't'))
      expect(Buffer.from(record.value ?? []).toString()).toBe('x');
    expect(kafka.requests(Fetch)[0]).toMatchObject({ version: 11, body: { topics: [{ topic: 't' }] } });
  });

  test('that a broker lacks are named', async () => {
    const kafka = new FakeKafka();
    kafka.createTopic('t');
    kafka.maxVersions.set(Produce.key, 2);
    await using ks = await openClient(kafka);
    const error = await errorOf(ks.producer().send('t', { value: 'x' }));
    expect(error.code).toBe(ErrorCode.UNSUPPORTED_VERSION);
    expect(error.message).toContain('Produce needs at least version 3');
  });

  test('without topic ids keep to what goes by name', async () => {
    const kafka = new FakeKafka();
    kafka.createTopic('t');
    kafka.maxVersions.set(Metadata.key, 9);
    await using ks = await openClient(kafka);
    await ks.producer().send('t', { value: 'x' });
    expect(kafka.requests(Produce)[0]).toMatchObject({ version: 12, body: { topicData: [{ name: 't' }] } });
  });
});

describe('a request', () => {
  test('that is not answered fails in time, and the next one finds a new connection', async () => {
    const kafka = new FakeKafka();
    await using ks = await openClient(kafka, { retryTimeoutMs: 0 });
    kafka.script(Metadata, () => 'silence');
    const error = await errorOf(ks.admin.listTopics());
    expect(error).toMatchObject({ code: ErrorCode.REQUEST_TIMED_OUT, broker: 'broker1:9092' });
    expect(await ks.admin.listTopics()).toEqual([]);
  });

  test('whose connection breaks is tried again', async () => {
    const kafka = new FakeKafka();
    await using ks = await openClient(kafka);
    kafka.createTopic('t');
    kafka.script(Metadata, () => 'close');
    expect((await ks.admin.listTopics()).map((topic) => topic.name)).toEqual(['t']);
  });

  test('ends with its signal, and leaves others alone', async () => {
    const kafka = new FakeKafka();
    kafka.createTopic('t');
    await using ks = await openClient(kafka);
    kafka.script(Metadata, () => 'silence');
    const controller = new AbortController();
    const given = ks.admin.listTopics({ signal: controller.signal });
    const other = ks.admin.listTopics();
    setImmediate(() => controller.abort(new Error('enough')));
    expect((await errorOf(given)).code).toBe(ClientErrorCode.ABORTED);
    expect((await other).length).toBe(1);
  });
});

describe('topics', () => {
  test('that nobody knows are not waited for', async () => {
    const kafka = new FakeKafka();
    await using ks = await openClient(kafka);
    for (const attempt of [
      () => ks.producer().send('nope', { value: 'x' }),
      () => ks.consumer().assign([{ topic: 'nope' }]),
      () => ks.admin.listOffsets([{ topic: 'nope', partition: 0, at: 'end' }]),
      () => ks.admin.describeTopics(['nope']),
    ]) {
      const before = kafka.clock.monotonicMs();
      expect(await errorOf(attempt())).toMatchObject({
        code: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
        topic: 'nope',
        retriable: false,
      });
      expect(kafka.clock.monotonicMs() - before).toBeLessThan(3_000);
    }
  });

  test('that appear a moment later are found', async () => {
    const kafka = new FakeKafka();
    await using ks = await openClient(kafka);
    kafka.clock.setTimer(150, () => kafka.createTopic('late'));
    expect((await ks.producer().send('late', { value: 'x' })).offset).toBe(0);
  });

  test('are created, and told when they are there already', async () => {
    const kafka = new FakeKafka();
    await using ks = await openClient(kafka);
    expect(await ks.admin.createTopic('t', { partitions: 4 })).toMatchObject({ name: 't', partitions: 4 });
    expect(await errorOf(ks.admin.createTopic('t'))).toMatchObject({ name: 'TOPIC_ALREADY_EXISTS', topic: 't' });
  });

  test('are created at the controller, wherever it has moved', async () => {
    const kafka = new FakeKafka(2);
    await using ks = await openClient(kafka);
    kafka.script(CreateTopics, ({ topics }) => ({
      topics: topics.map(({ name }) => ({
        name,
        topicId: 'AAAAAAAAAAAAAAAAAAAAAA',
        errorCode: ErrorCode.NOT_CONTROLLER,
        errorMessage: null,
      })),
    }));
    await ks.admin.createTopic('t');
    expect(kafka.requests(CreateTopics)).toHaveLength(2);
    expect(kafka.topics.has('t')).toBe(true);
  });
});
