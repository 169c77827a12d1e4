import { propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { topic } from '../src/topic/topic.ts';
import { openTelemetry } from '../src/tracing/open-telemetry.ts';
import { text } from './fake/abcd.ts';
import { errorOf } from './fake/error-of.ts';
import { FakeKafka } from './fake/fake-kafka.ts';
import { openClient } from './fake/open-client.ts';
import { followContext, SpanRecorder } from './fake/span-recorder.ts';

const orders = topic('orders', { key: z.string().optional(), value: z.string(), tombstones: true });

let unfollow: () => void;
let kafka: FakeKafka;
let recorder: SpanRecorder;
beforeAll(() => {
  unfollow = followContext();
});
afterAll(() => unfollow());
beforeEach(() => {
  kafka = new FakeKafka();
  kafka.createTopic('orders');
  recorder = new SpanRecorder();
});
afterEach(() => propagation.disable());

const tracingOf = (options = {}) => openTelemetry({ tracerProvider: recorder.provider, ...options });
const parentOf = (span: ReadableSpan | undefined) =>
  `00-${span?.spanContext().traceId}-${span?.spanContext().spanId}-01`;

async function headersIn(ks: Awaited<ReturnType<typeof openClient>>): Promise<Record<string, string>[]> {
  await using consumer = ks.consumer({ from: 'beginning' });
  const all: Record<string, string>[] = [];
  for await (const { headers } of consumer.read({ until: 'end' }, 'orders')) {
    all.push(Object.fromEntries(headers.map(({ key, value }) => [key, text(value)])));
    expect(new Set(headers.map(({ key }) => key)).size).toBe(headers.length);
  }
  return all;
}

describe('a send', () => {
  test('is a span, whose context goes along', async () => {
    await using ks = await openClient(kafka, { tracing: tracingOf() });
    const headers = { own: 'x', traceparent: 'from before' };
    await ks.producer().send(orders, { key: 'u1', value: 'a', headers });
    const [span] = recorder.spans;
    expect(span).toMatchObject({ name: 'send orders', kind: SpanKind.PRODUCER });
    expect(span?.attributes).toEqual({
      'messaging.system': 'kafka',
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'orders',
      'messaging.client.id': 'test',
      'messaging.kafka.message.key': 'u1',
      'messaging.destination.partition.id': '0',
      'messaging.kafka.offset': 0,
    });
    expect(await headersIn(ks)).toEqual([{ own: 'x', traceparent: parentOf(span) }]);
  });

  test('is a child of what sends, and of several records one span', async () => {
    await using ks = await openClient(kafka, { tracing: tracingOf() });
    const tracer = recorder.provider.getTracer('test');
    await tracer.startActiveSpan('outer', async (outer) => {
      await ks.producer().sendBatch(orders, [{ value: 'a' }, { value: null, headers: [{ key: 'own', value: null }] }]);
      outer.end();
    });
    const [send] = recorder.named('send orders');
    const [outer] = recorder.named('outer');
    expect(send?.parentSpanContext?.spanId).toBe(outer?.spanContext().spanId);
    expect(send?.attributes['messaging.batch.message_count']).toBe(2);
    const traceparent = parentOf(send);
    expect(await headersIn(ks)).toEqual([{ traceparent }, { own: '', traceparent }]);
    expect(recorder.spans).toHaveLength(2);
  });

  test('that fails says so', async () => {
    await using ks = await openClient(kafka, { tracing: tracingOf() });
    await errorOf(ks.producer().send(orders, { value: 5 as never }));
    await errorOf(ks.producer().sendBatch(orders, [{ value: 5 as never }]));
    expect(recorder.spans).toHaveLength(2);
    for (const span of recorder.spans) {
      expect(span.status).toMatchObject({ code: SpanStatusCode.ERROR });
      expect(span.attributes['error.type']).toBe('INVALID_DATA');
      expect(span.events).toMatchObject([{ name: 'exception' }]);
    }
  });

  test('travels as the propagator has it, given or registered', async () => {
    const propagator = {
      inject: (_: unknown, carrier: unknown, setter: { set(carrier: unknown, key: string, value: string): void }) =>
        setter.set(carrier, 'x-own', 'yes'),
      extract: (of: never) => of,
      fields: () => ['x-own'],
    };
    await using ks = await openClient(kafka, { tracing: tracingOf({ propagator }) });
    await ks.producer().send(orders, { value: 'a' });
    propagation.setGlobalPropagator({ ...propagator, fields: () => ['x-own'] });
    await using other = await openClient(kafka, { tracing: tracingOf() });
    await other.producer().send(orders, { value: 'b' });
    expect(await headersIn(ks)).toEqual([{ 'x-own': 'yes' }, { 'x-own': 'yes' }]);
  });
});

describe('what is read', () => {
  test('is followed from who sent it', async () => {
    const tracing = tracingOf();
    await using ks = await openClient(kafka, { tracing });
    await ks.producer().send(orders, { key: 'u1', value: 'abc' });
    await using consumer = ks.consumer({ from: 'beginning' });
    for await (const record of consumer.read({ until: 'end' }, orders)) {
      await tracing.withRecord(record, async () => {
        await new Promise((resolve) => setImmediate(resolve));
        recorder.provider.getTracer('test').startSpan('inner').end();
        return record.value;
      });
      expect(() =>
        tracing.withRecord(record, () => {
          throw new Error('no');
        }),
      ).toThrow('no');
      expect(trace.getSpanContext(tracing.contextOf(record))).toMatchObject({ isRemote: true });
    }
    const [send] = recorder.named('send orders');
    const [process, failed] = recorder.named('process orders');
    expect(process?.kind).toBe(SpanKind.CONSUMER);
    expect(process?.parentSpanContext).toMatchObject({ spanId: send?.spanContext().spanId, isRemote: true });
    expect(process?.attributes).toMatchObject({
      'messaging.operation.type': 'process',
      'messaging.destination.partition.id': '0',
      'messaging.kafka.offset': 0,
      'messaging.kafka.message.key': 'u1',
      'messaging.message.body.size': 5,
    });
    expect(recorder.named('inner')[0]?.parentSpanContext?.spanId).toBe(process?.spanContext().spanId);
    expect(failed?.status).toMatchObject({ code: SpanStatusCode.ERROR, message: 'no' });
  });

  test('may be linked in place of being a child; what came without a trace begins one', async () => {
    const tracing = tracingOf({ relation: 'link' });
    await using ks = await openClient(kafka, { tracing });
    await ks.producer().send(orders, { value: 'a' });
    await using plain = await openClient(kafka);
    await plain.producer().send(orders, { value: 'b' });
    await using consumer = ks.consumer({ from: 'beginning' });
    for await (const record of consumer.read({ until: 'end' }, orders)) tracing.withRecord(record, () => {});
    const [send] = recorder.named('send orders');
    const [linked, begun] = recorder.named('process orders');
    expect(linked?.parentSpanContext).toBe(undefined);
    expect(linked?.links.map(({ context }) => context.spanId)).toEqual([send?.spanContext().spanId]);
    expect([begun?.parentSpanContext, begun?.links]).toEqual([undefined, []]);
  });
});
