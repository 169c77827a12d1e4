import { ErrorCode, Produce } from '@ks/protocol';
import { describe, expect, test } from 'vitest';
import { ClientErrorCode } from '../src/kafka-error.ts';
import { errorOf } from './fake/error-of.ts';
import { abcd, first, put, valuesOf } from './fake/abcd.ts';
import { FakeKafka } from './fake/fake-kafka.ts';
import { openClient } from './fake/open-client.ts';
import { RecordingDiagnostics } from './fake/recording-diagnostics.ts';

const opened = async (kafka: FakeKafka, heard = new RecordingDiagnostics()) => ({
  heard,
  ks: await openClient(kafka, { diagnostics: heard.diagnostics }),
});

describe('a client tells', () => {
  test('of connections and requests, with how long they took and how they ended', async () => {
    const kafka = new FakeKafka();
    kafka.createTopic('t');
    const { heard, ks } = await opened(kafka);
    await ks.producer().send('t', { value: 'a' });
    expect(heard.of('connect').map(({ broker, channel, error }) => [broker, channel, error])).toEqual([
      ['broker1:9092', 'control', undefined],
      ['broker1:9092 (id 1)', 'produce', undefined],
    ]);
    const produce = heard.of('request').find(({ api }) => api === 'Produce');
    expect(produce).toMatchObject({ clientId: 'test', broker: 'broker1:9092 (id 1)', error: undefined });
    expect(produce?.responseBytes).toBeGreaterThan(20);
    expect(produce?.durationMs).toBeGreaterThanOrEqual(0);
    kafka.script(Produce, () => 'close');
    await ks.producer().send('t', { value: 'b' });
    expect(heard.of('disconnect')).toMatchObject([
      { channel: 'produce', error: { code: ErrorCode.NETWORK_EXCEPTION, broker: 'broker1:9092 (id 1)' } },
    ]);
    expect(heard.of('request').filter(({ error }) => error !== undefined)).toMatchObject([
      { api: 'Produce', responseBytes: 0, error: { code: ErrorCode.NETWORK_EXCEPTION } },
    ]);
    expect(heard.of('retry')).toMatchObject([
      { operation: 'produce', topic: 't', partition: 0, attempt: 1, error: { code: ErrorCode.NETWORK_EXCEPTION } },
    ]);
    await ks.close();
    expect(heard.of('disconnect').slice(1)).toMatchObject([
      { error: { code: ClientErrorCode.CLOSED } },
      { error: { code: ClientErrorCode.CLOSED } },
    ]);
  });

  test('of connections that cannot be made', async () => {
    const kafka = new FakeKafka();
    kafka.stop(1);
    const heard = new RecordingDiagnostics();
    await errorOf(openClient(kafka, { diagnostics: heard.diagnostics, openTimeoutMs: 0 }));
    expect(heard.of('connect')).toMatchObject([{ error: { code: ErrorCode.NETWORK_EXCEPTION } }]);
    expect(heard.of('disconnect')).toEqual([]);
  });

  test('of batches that were sent, or given up', async () => {
    const kafka = new FakeKafka();
    kafka.createTopic('t');
    const { heard, ks } = await opened(kafka);
    const producer = ks.producer({ deliveryTimeoutMs: 3000 });
    kafka.script(Produce, () => 'close');
    await producer.sendBatch('t', [{ value: 'a' }, { value: 'bb' }]);
    expect(heard.of('produce')).toMatchObject([{ topic: 't', partition: 0, records: 2, attempts: 2, baseOffset: 0 }]);
    expect(heard.of('produce')[0]?.bytes).toBeGreaterThan(60);
    expect(heard.of('produce')[0]?.durationMs).toBeGreaterThan(50);
    kafka.stop(1);
    await errorOf(producer.send('t', { value: 'c' }));
    expect(heard.of('produce').slice(1)).toMatchObject([
      { records: 1, baseOffset: -1, error: { code: ErrorCode.REQUEST_TIMED_OUT } },
    ]);
    await ks.close();
  });

  test('of a broker that throttles', async () => {
    const kafka = new FakeKafka();
    kafka.createTopic('t');
    const { heard, ks } = await opened(kafka);
    kafka.script(Produce, (request, nodeId) => {
      const answer = kafka.produce(nodeId, request);
      return typeof answer === 'string' ? answer : { ...answer, throttleTimeMs: 70 };
    });
    await ks.producer().send('t', { value: 'a' });
    expect(heard.of('throttle')).toEqual([
      { clientId: 'test', broker: 'broker1:9092 (id 1)', api: 'Produce', throttleTimeMs: 70 },
    ]);
    await ks.close();
  });

  test('of what it reads, how far behind it is, and what it has no more', async () => {
    const kafka = abcd();
    const { heard, ks } = await opened(kafka);
    const consumer = ks.consumer({ from: 'beginning' });
    await consumer.assign([first]);
    expect(await valuesOf(consumer)).toEqual(['a', 'b', 'c', 'd']);
    put(kafka, 't', 0, 'e');
    expect(await valuesOf(consumer)).toEqual(['e']);
    const place = { clientId: 'test', consumer: 'consumer-1', group: undefined };
    expect(heard.of('fetch')).toMatchObject([
      { ...place, ...first, batches: 2, records: 4 },
      { ...place, ...first, batches: 1, records: 1 },
    ]);
    expect(heard.of('consume')).toMatchObject([
      { ...place, ...first, records: 2, position: 2, lag: 2 },
      { ...place, ...first, records: 2, position: 4, lag: 0 },
      { ...place, ...first, records: 1, position: 5, lag: 0 },
    ]);
    await consumer.close();
    await consumer.close();
    await ks.close();
    expect(heard.of('assignment')).toEqual([
      { ...place, added: [first], removed: [], partitions: 1 },
      { ...place, added: [], removed: [first], partitions: 0 },
    ]);
  });
});

test('nothing is made of what nobody listens to', async () => {
  const { heard, ks } = await opened(abcd(), new RecordingDiagnostics(false));
  const consumer = ks.consumer({ from: 'beginning' });
  await ks.producer().send('t', { value: 'e' });
  await consumer.assign([first]);
  expect(await valuesOf(consumer)).toHaveLength(5);
  await ks.close();
  expect(heard.events).toEqual([]);
});
