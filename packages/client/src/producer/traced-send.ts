import type { SendTrace, Tracing } from '../ports/tracing.ts';
import { codecs } from '../topic/data-codec.ts';
import type { HeadersInput, RecordToSend, SentRecord } from '../topic/record-types.ts';
import { type AnyTopic, topicName } from '../topic/topic.ts';
import { type GivenRecord, headersOf } from './given-record.ts';
import type { Producer } from './producer.ts';
import type { SendCallOptions } from './producer-options.ts';

/** A call of `send` that is followed already. */
interface TracedCallOptions extends SendCallOptions {
  readonly isTraced: true;
}

/** What follows a call, unless something does already. */
export function tracingOf(tracing: Tracing | undefined, options: SendCallOptions): Tracing | undefined {
  return tracing === undefined || 'isTraced' in options ? undefined : tracing;
}

/** Sends a record, followed from here on. */
export function tracedSend<T extends AnyTopic | string>(
  producer: Producer,
  tracing: Tracing,
  clientId: string,
  topic: T,
  given: RecordToSend<T>,
  options: SendCallOptions,
): Promise<SentRecord> {
  const { key, value }: GivenRecord = given;
  const isTombstone = value === null;
  const trace = tracing.send({ clientId, topic: topicName(topic), records: 1, key, isTombstone, isBatch: false });
  const traced: TracedCallOptions = { ...options, isTraced: true };
  const sent = producer.send(topic, withTrace(given, written(trace.headers)), traced);
  sent.then(
    (place) => trace.end(place, undefined),
    (error: unknown) => trace.end(undefined, error),
  );
  return sent;
}

/** The same for several records, which all come from one send. */
export function tracedSendBatch<T extends AnyTopic | string>(
  producer: Producer,
  tracing: Tracing,
  clientId: string,
  topic: T,
  given: readonly RecordToSend<T>[],
  options: SendCallOptions,
): Promise<SentRecord[]> {
  const batch = { key: undefined, isTombstone: false, isBatch: true };
  const trace = tracing.send({ clientId, topic: topicName(topic), records: given.length, ...batch });
  const traced: TracedCallOptions = { ...options, isTraced: true };
  const headers = written(trace.headers);
  const records = given.map((record) => withTrace(record, headers));
  const sent = producer.sendBatch(topic, records, traced);
  sent.then(
    () => trace.end(undefined, undefined),
    (error: unknown) => trace.end(undefined, error),
  );
  return sent;
}

type Header = { readonly key: string; readonly value: Uint8Array };

/** As they are written, made once for all records of a send. */
function written(headers: SendTrace['headers']): readonly Header[] {
  return headers.map(({ key, value }) => ({ key, value: codecs.string.encode(value) }));
}

function withTrace<Given extends { readonly headers?: HeadersInput | undefined }>(
  given: Given,
  added: readonly Header[],
): Given {
  if (added.length === 0) return given;
  if (given.headers === undefined) return { ...given, headers: added };
  const kept = headersOf(given.headers).filter(({ key }) => !added.some((one) => one.key === key));
  return { ...given, headers: [...kept, ...added] };
}
