/** OpenTelemetry for clients: `@ks/client/opentelemetry`, with `@opentelemetry/api` beside it. */
import {
  type Attributes,
  type Context,
  context,
  type Link,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TextMapPropagator,
  trace,
  type TracerProvider,
} from '@opentelemetry/api';
import type { RecordHeader } from '@ks/protocol';
import type { SendTrace, TracedProcess, TracedRecord, TracedSend, Tracing } from '../ports/tracing.ts';
import type { SentRecord } from '../topic/record-types.ts';
import { spanContextOf, traceHeaders } from './w3c-trace-context.ts';

export interface OpenTelemetryOptions {
  /** Default: the one that is registered for this process. */
  readonly tracerProvider?: TracerProvider | undefined;
  /** How a span's context travels in headers. Default: the registered one, and W3C's `traceparent` and `tracestate` where there is none. */
  readonly propagator?: TextMapPropagator | undefined;
  /** What the span of a handler is to the one that sent its record: its child (the default), or the root of a trace with a link to it. */
  readonly relation?: 'child' | 'link' | undefined;
}

/** Tracing to give to `connect`. */
export interface OpenTelemetryTracing extends Tracing {
  /** The context that a record was sent in: what follows from it can be its child. */
  contextOf(record: { readonly headers: readonly RecordHeader[] }): Context;
  /** Works on a record that `read` or `batches` gave, within a span of its own, as `run` does by itself. */
  withRecord<T>(record: TracedRecord, work: () => T, group?: string): T;
}

/**
 * Follows records by OpenTelemetry: a span for each `send` and each `sendBatch`, whose context goes along in the records' headers, and one
 * for each time that a handler of `run` or `process` works, which is active meanwhile. Names and attributes are those of the semantic
 * conventions for messaging.
 *
 *     await using ks = await connect({ brokers, tracing: openTelemetry() })
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): OpenTelemetryTracing {
  const { tracerProvider = trace.getTracerProvider(), relation = 'child' } = options;
  const tracer = tracerProvider.getTracer('@ks/client', '0.1.0');
  const propagator = new HeaderPropagator(options.propagator);

  const process = <T>({ clientId, group, records, isBatch }: TracedProcess, work: () => T): T => {
    const [first] = records;
    const topics = [...new Set(records.map(({ topic }) => topic))];
    const origins = records.map((record) => propagator.extract(record.headers));
    const parent = !isBatch && relation === 'child' ? (origins[0] ?? ROOT_CONTEXT) : ROOT_CONTEXT;
    const attributes = {
      ...common('process', clientId, topics.length === 1 ? topics[0] : undefined),
      ...(group !== undefined && { 'messaging.consumer.group.name': group }),
      ...(isBatch && { 'messaging.batch.message_count': records.length }),
      ...(!isBatch && first !== undefined && recordAttributes(first)),
    };
    const links = parent === ROOT_CONTEXT ? linksTo(origins) : [];
    const name = topics.length === 1 ? `process ${topics[0]}` : 'process';
    const span = tracer.startSpan(name, { kind: SpanKind.CONSUMER, attributes, links }, parent);
    return within(span, trace.setSpan(parent, span), work);
  };

  return {
    send(send: TracedSend): SendTrace {
      const attributes = {
        ...common('send', send.clientId, send.topic),
        ...(send.isBatch && { 'messaging.batch.message_count': send.records }),
        ...keyAttribute(send.key),
        ...(send.isTombstone && { 'messaging.kafka.message.tombstone': true }),
      };
      const span = tracer.startSpan(`send ${send.topic}`, { kind: SpanKind.PRODUCER, attributes }, context.active());
      const headers = propagator.inject(trace.setSpan(context.active(), span));
      return { headers, end: (sent, error) => endSend(span, sent, error) };
    },
    process,
    contextOf: ({ headers }) => propagator.extract(headers),
    withRecord: (record, work, group) => process({ clientId: '', group, records: [record], isBatch: false }, work),
  };
}

/** Contexts to headers and back. */
class HeaderPropagator {
  readonly #given: TextMapPropagator | undefined;

  constructor(given: TextMapPropagator | undefined) {
    this.#given = given;
  }

  inject(of: Context): { readonly key: string; readonly value: string }[] {
    const span = trace.getSpanContext(of);
    if (this.#isAbsent) return span === undefined || !trace.isSpanContextValid(span) ? [] : traceHeaders(span);
    const headers: { key: string; value: string }[] = [];
    const setter = { set: (carrier: typeof headers, key: string, value: string) => void carrier.push({ key, value }) };
    if (this.#given === undefined) propagation.inject(of, headers, setter);
    else this.#given.inject(of, headers, setter);
    return headers;
  }

  extract(headers: readonly RecordHeader[]): Context {
    if (headers.length === 0) return ROOT_CONTEXT;
    if (this.#isAbsent) {
      const span = spanContextOf(textOf(headers, 'traceparent'), textOf(headers, 'tracestate'));
      return span === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, span);
    }
    const getter = {
      keys: (carrier: readonly RecordHeader[]) => carrier.map(({ key }) => key),
      get: (carrier: readonly RecordHeader[], key: string) => textOf(carrier, key),
    };
    return this.#given === undefined
      ? propagation.extract(ROOT_CONTEXT, headers, getter)
      : this.#given.extract(ROOT_CONTEXT, headers, getter);
  }

  /** Nothing is given, and nothing registered (yet). */
  get #isAbsent(): boolean {
    return this.#given === undefined && propagation.fields().length === 0;
  }
}

const decoder = new TextDecoder();

/** The last header of a name, as whoever adds one puts it there. */
function textOf(headers: readonly RecordHeader[], name: string): string | undefined {
  const value = headers.findLast(({ key }) => key === name)?.value;
  return value === undefined || value === null ? undefined : decoder.decode(value);
}

function common(operation: 'send' | 'process', clientId: string, topic: string | undefined): Attributes {
  return {
    'messaging.system': 'kafka',
    'messaging.operation.name': operation,
    'messaging.operation.type': operation,
    ...(topic !== undefined && { 'messaging.destination.name': topic }),
    ...(clientId !== '' && { 'messaging.client.id': clientId }),
  };
}

function recordAttributes({ partition, offset, key, value, valueSizeBytes }: TracedRecord): Attributes {
  return {
    'messaging.destination.partition.id': String(partition),
    'messaging.kafka.offset': offset,
    ...keyAttribute(key),
    ...(valueSizeBytes >= 0 && { 'messaging.message.body.size': valueSizeBytes }),
    ...(value === null && { 'messaging.kafka.message.tombstone': true }),
  };
}

/** Keys that are text or numbers: of others no text says what they are. */
function keyAttribute(key: unknown): Attributes {
  const isPlain = typeof key === 'string' || typeof key === 'number' || typeof key === 'bigint';
  return isPlain ? { 'messaging.kafka.message.key': String(key) } : {};
}

function linksTo(origins: readonly Context[]): Link[] {
  return origins.flatMap((origin) => {
    const span = trace.getSpanContext(origin);
    return span === undefined || !trace.isSpanContextValid(span) ? [] : [{ context: span }];
  });
}

function endSend(span: Span, sent: SentRecord | undefined, error: unknown): void {
  if (error !== undefined) failed(span, error);
  if (sent !== undefined) {
    span.setAttribute('messaging.destination.partition.id', String(sent.partition));
    if (sent.offset >= 0) span.setAttribute('messaging.kafka.offset', sent.offset);
  }
  span.end();
}

/** Runs `work` with its span active, which ends with it. */
function within<T>(span: Span, active: Context, work: () => T): T {
  let result: T;
  try {
    result = context.with(active, work);
  } catch (error) {
    failed(span, error);
    span.end();
    throw error;
  }
  if (!(result instanceof Promise)) {
    span.end();
    return result;
  }
  result.then(
    () => span.end(),
    (error: unknown) => {
      failed(span, error);
      span.end();
    },
  );
  return result;
}

function failed(span: Span, error: unknown): void {
  const [type, message] = error instanceof Error ? [error.name, error.message] : ['_OTHER', String(error)];
  span.setAttribute('error.type', type);
  if (error instanceof Error) span.recordException(error);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}
