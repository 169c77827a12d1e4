import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type EmbeddedBroker, startEmbeddedBroker } from '@ks/broker';
import { type CommitEvent, connect, type RebalanceEvent, type RequestEvent } from '@ks/client';
import { openTelemetry } from '@ks/client/opentelemetry';
import { clientMetrics } from '@ks/client/prometheus';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { text, until } from '../src/client-brokers.ts';

// What our client tells of its work at a real broker: channels, metrics, spans.

let broker: EmbeddedBroker;
beforeAll(async () => {
  broker = await startEmbeddedBroker({ config: { 'group.initial.rebalance.delay.ms': '0' } });
});
afterAll(() => broker.stop());

const group = { from: 'beginning', heartbeatIntervalMs: 100, autoCommitIntervalMs: 50 } as const;

/** The value of a metric's series. */
function seriesOf(metrics: string, series: string): number | undefined {
  const line = metrics.split('\n').find((one) => one.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

test('metrics count what was sent, read, committed and moved, and forget what went elsewhere', async () => {
  using metrics = clientMetrics();
  const labels = 'client_id="metered"';
  const ofGroup = `${labels},group="readers"`;
  await using ks = await connect({ brokers: broker.bootstrap, clientId: 'metered' });
  await ks.admin.createTopic('metered', { partitions: 2 });
  const records = Array.from({ length: 100 }, (_, index) => ({ value: `${index}`, partition: index % 2 }));
  await ks.producer().sendBatch('metered', records);
  const first = ks.consumer({ group: 'readers', ...group });
  let seen = 0;
  const run = first.run('metered', {}, () => {
    seen += 1;
  });
  await until(() => seen === 100);
  const lag = (partition: number, consumer = 1) =>
    `ks_client_consumer_lag{${labels},consumer="consumer-${consumer}",group="readers",topic="metered",partition="${partition}"}`;
  await until(() => [0, 1].every((partition) => seriesOf(metrics.text(), lag(partition)) === 0));
  await until(() => (seriesOf(metrics.text(), `ks_client_commits_total{${ofGroup},outcome="ok"}`) ?? 0) > 0);
  const before = metrics.text();
  const topic = 'topic="metered"';
  expect(seriesOf(before, `ks_client_produced_records_total{${labels},${topic}}`)).toBe(100);
  expect(seriesOf(before, `ks_client_produce_duration_seconds_count{${labels},${topic}}`)).toBe(2);
  expect(seriesOf(before, `ks_client_fetched_records_total{${ofGroup},${topic}}`)).toBe(100);
  expect(seriesOf(before, `ks_client_consumed_records_total{${ofGroup},${topic}}`)).toBe(100);
  expect(seriesOf(before, `ks_client_assigned_partitions{${labels},consumer="consumer-1",group="readers"}`)).toBe(2);
  expect(seriesOf(before, `ks_client_requests_total{${labels},api="Produce",outcome="ok"}`)).toBeGreaterThan(0);
  expect(seriesOf(before, `ks_client_connections{${labels}}`)).toBeGreaterThan(2);
  // A second member takes one partition: the first knows its lag no more.
  const second = ks.consumer({ group: 'readers', ...group });
  const other = second.run('metered', {}, () => {});
  await until(() => second.assignment().length === 1 && first.assignment().length === 1);
  const after = metrics.text();
  expect([0, 1].filter((partition) => seriesOf(after, lag(partition)) !== undefined)).toHaveLength(1);
  expect(seriesOf(after, `ks_client_rebalances_total{${ofGroup},kind="revoked"}`)).toBe(1);
  expect(seriesOf(after, `ks_client_rebalances_total{${ofGroup},kind="assigned"}`)).toBeGreaterThanOrEqual(2);
  await Promise.all([first.close(), second.close()]);
  await Promise.all([run, other]);
  await ks.close();
  await until(() => seriesOf(metrics.text(), `ks_client_connections{${labels}}`) === 0);
  expect(metrics.text()).not.toContain('ks_client_consumer_lag{');
  // Every line is one that Prometheus reads.
  for (const line of metrics.text().trimEnd().split('\n')) {
    expect(line).toMatch(/^(# (HELP|TYPE) ks_client_\w+ .+|ks_client_\w+\{(\w+="[^"]*",?)*\} [\d.e+-]+)$/);
  }
});

test('channels tell whoever listens, and nobody else', async () => {
  const requests: RequestEvent[] = [];
  const told: (RebalanceEvent | CommitEvent)[] = [];
  const onRequest = (event: unknown): void => void requests.push(event as RequestEvent);
  const onTold = (event: unknown): void => void told.push(event as RebalanceEvent);
  await using ks = await connect({ brokers: broker.bootstrap, clientId: 'heard' });
  await ks.admin.createTopic('heard', { partitions: 1 });
  expect(channel('ks.client.request').hasSubscribers).toBe(false);
  subscribe('ks.client.request', onRequest);
  for (const name of ['rebalance', 'commit']) subscribe(`ks.client.${name}`, onTold);
  const producer = ks.producer();
  await producer.send('heard', { value: 'a' });
  const consumer = ks.consumer({ group: 'listeners', ...group });
  for await (const record of consumer.read('heard')) {
    expect(text(record.value)).toBe('a');
    break;
  }
  await consumer.commit([{ topic: 'heard', partition: 0, offset: 1 }]);
  await consumer.close();
  unsubscribe('ks.client.request', onRequest);
  for (const name of ['rebalance', 'commit']) unsubscribe(`ks.client.${name}`, onTold);
  const apis = new Set(requests.map(({ api }) => api));
  for (const api of ['Metadata', 'Produce', 'Fetch', 'OffsetCommit']) expect([...apis]).toContain(api);
  expect(requests.every(({ clientId, durationMs }) => clientId === 'heard' && durationMs >= 0)).toBe(true);
  const place = { clientId: 'heard', consumer: 'consumer-1', group: 'listeners' };
  expect(told[0]).toEqual({ ...place, kind: 'assigned', partitions: [{ topic: 'heard', partition: 0 }] });
  const commit = { ...place, offsets: [{ topic: 'heard', partition: 0, offset: 1 }], error: undefined };
  expect(told).toContainEqual({ ...commit, durationMs: expect.any(Number) });
  expect(told).toContainEqual({ ...place, kind: 'revoked', partitions: [{ topic: 'heard', partition: 0 }] });
  const count = requests.length;
  await producer.send('heard', { value: 'b' });
  expect(requests).toHaveLength(count);
});

test('a trace goes from a send through a handler, its retry, the dead letter and a transaction', async () => {
  const exporter = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const tracing = openTelemetry({ tracerProvider });
  await using ks = await connect({ brokers: broker.bootstrap, clientId: 'traced', tracing });
  for (const name of ['traced', 'dead', 'copies']) await ks.admin.createTopic(name, { partitions: 1 });
  await ks.producer().send('traced', { key: 'k', value: 'bad' });
  const consumer = ks.consumer({ group: 'handlers', ...group });
  const run = consumer.run('traced', { retry: { attempts: 2, initialMs: 1 }, deadLetter: 'dead' }, () => {
    throw new RangeError('refused');
  });
  const named = (name: string) => exporter.getFinishedSpans().filter((span) => span.name === name);
  await until(() => named('send dead').length === 1);
  await consumer.close();
  await run;
  const copier = ks.consumer({ group: 'copiers', ...group });
  const producer = ks.producer({ transactionalId: 'copier' });
  const processing = copier.process('traced', { producer }, async (batch, tx) => {
    for (const { value } of batch) await tx.send('copies', { value });
  });
  await until(async () => (await ks.admin.listGroupOffsets('copiers')).some(({ offset }) => offset === 1));
  await copier.close();
  await processing;
  const [send] = named('send traced');
  const [attempt, again, copied] = named('process traced');
  for (const span of [attempt, again]) {
    expect(span?.parentSpanContext?.spanId).toBe(send?.spanContext().spanId);
    expect(span?.attributes).toMatchObject({
      'messaging.consumer.group.name': 'handlers',
      'messaging.client.id': 'traced',
      'messaging.kafka.offset': 0,
      'error.type': 'RangeError',
    });
  }
  expect(copied?.attributes).toMatchObject({ 'messaging.batch.message_count': 1 });
  expect(copied?.links.map(({ context }) => context.spanId)).toEqual([send?.spanContext().spanId]);
  expect(named('send copies')).toHaveLength(1);
});
