import type { StandardSchemaV1 } from '@standard-schema/spec';
import { ClientErrorCode, KafkaError, type KafkaErrorDetails } from '../kafka-error.ts';
import { codecs } from './data-codec.ts';
import type { AnyTopic, DataFormat } from './topic.ts';

/** Where a piece of data stands, for errors. */
export interface DataPlace extends KafkaErrorDetails {
  readonly side: 'key' | 'value';
}

/** The bytes of a key to be sent: at once, unless the topic's schema is asynchronous. Fails with INVALID_DATA. */
export function encodeKey(topic: AnyTopic | string, key: unknown): Uint8Array | null | Promise<Uint8Array | null> {
  const place: DataPlace = { side: 'key', topic: typeof topic === 'string' ? topic : topic.name };
  if (typeof topic === 'string') return untyped(key, place);
  const isAbsent = key === undefined || key === null;
  if (topic.key.schema === undefined && isAbsent) return null;
  return checked(topic.key, key, place, () => (isAbsent ? null : encoded(topic.key, key, place)));
}

/** The bytes of a value to be sent; null for a tombstone. */
export function encodeValue(topic: AnyTopic | string, value: unknown): Uint8Array | null | Promise<Uint8Array | null> {
  const place: DataPlace = { side: 'value', topic: typeof topic === 'string' ? topic : topic.name };
  if (typeof topic === 'string') return untyped(value, place);
  if (value === null && topic.tombstones) return null;
  return checked(topic.value, value, place, () => encoded(topic.value, value, place));
}

/** What a reader gets for a key's bytes. */
export function decodeKey(topic: AnyTopic, bytes: Uint8Array | null, place: DataPlace): unknown {
  if (bytes !== null) return decoded(topic.key, bytes, place);
  if (topic.key.schema === undefined) return null;
  // A schema that allows a key to be absent says so by taking undefined.
  return checked(topic.key, undefined, place, (output) => output);
}

/** What a reader gets for a value's bytes. */
export function decodeValue(topic: AnyTopic, bytes: Uint8Array | null, place: DataPlace): unknown {
  if (bytes !== null) return decoded(topic.value, bytes, place);
  if (topic.tombstones) return null;
  throw invalid(place, 'it is null, and the topic was declared without tombstones');
}

function decoded(format: DataFormat, bytes: Uint8Array, place: DataPlace): unknown {
  let data: unknown;
  try {
    data = format.codec.decode(bytes);
  } catch (error) {
    throw invalid(place, `the ${format.codec.name} codec cannot read it: ${messageOf(error)}`, error);
  }
  return checked(format, data, place, (output) => output);
}

function encoded(format: DataFormat, data: unknown, place: DataPlace): Uint8Array {
  try {
    return format.codec.encode(data);
  } catch (error) {
    throw invalid(place, messageOf(error), error);
  }
}

/** Validates `data` and goes on with `then`, which gets the schema's output. */
function checked<T>(format: DataFormat, data: unknown, place: DataPlace, then: (output: unknown) => T): T | Promise<T> {
  if (format.schema === undefined) return then(data);
  const result = format.schema['~standard'].validate(data);
  if (!(result instanceof Promise)) return then(outputOf(result, place));
  if (format.allowsAsync) return result.then((settled) => then(outputOf(settled, place)));
  result.catch(() => {});
  throw new KafkaError(
    ClientErrorCode.INVALID_ARGUMENT,
    `the ${place.side} schema of ${place.topic} checks asynchronously: declare the topic with asyncSchema: true`,
    place,
  );
}

function outputOf(result: StandardSchemaV1.Result<unknown>, place: DataPlace): unknown {
  if (result.issues === undefined) return result.value;
  throw invalid(place, result.issues.map(issueText).join('; '));
}

function issueText(issue: StandardSchemaV1.Issue): string {
  const path = issue.path?.map((part) => String(typeof part === 'object' ? part.key : part)).join('.') ?? '';
  return path === '' ? issue.message : `${path}: ${issue.message}`;
}

function untyped(data: unknown, place: DataPlace): Uint8Array | null {
  if (data === null || data === undefined) return null;
  if (data instanceof Uint8Array) return data;
  if (typeof data === 'string') return codecs.string.encode(data);
  throw invalid(place, `a topic given by name takes a Uint8Array, a string or null, not ${typeof data}`);
}

function invalid(place: DataPlace, what: string, cause?: unknown): KafkaError {
  const at = place.offset === undefined ? '' : ` of ${place.topic}-${place.partition} at offset ${place.offset}`;
  const where = at === '' ? ` for ${place.topic}` : at;
  return new KafkaError(ClientErrorCode.INVALID_DATA, `invalid ${place.side}${where}: ${what}`, { ...place, cause });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
