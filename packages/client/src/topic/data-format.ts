import type { StandardSchemaV1 } from '@standard-schema/spec';
import { ClientErrorCode, KafkaError, type KafkaErrorDetails } from '../kafka-error.ts';
import { type CodecContext, codecs } from './data-codec.ts';
import type { AnyTopic, DataFormat } from './topic.ts';

/** Where a piece of data stands, for codecs and errors. */
export interface DataPlace extends KafkaErrorDetails, CodecContext {
  readonly topic: string;
}

/** The bytes of a key to be sent: at once, unless the topic's schema or codec is asynchronous. Fails with INVALID_DATA. */
export function encodeKey(topic: AnyTopic | string, key: unknown): Uint8Array | null | Promise<Uint8Array | null> {
  const place: DataPlace = { side: 'key', topic: typeof topic === 'string' ? topic : topic.name };
  if (typeof topic === 'string') return untyped(key, place);
  const isAbsent = key === undefined || key === null;
  if (topic.key.schema === undefined && isAbsent) return null;
  return attended(checked(topic.key, key, place, () => (isAbsent ? null : encoded(topic.key, key, place))));
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
  if (bytes !== null) return attended(decoded(topic.key, bytes, place));
  if (topic.key.schema === undefined) return null;
  // A schema that allows a key to be absent says so by taking undefined.
  return attended(checked(topic.key, undefined, place, (output) => output));
}

/** What a reader gets for a value's bytes. */
export function decodeValue(topic: AnyTopic, bytes: Uint8Array | null, place: DataPlace): unknown {
  if (bytes !== null) return decoded(topic.value, bytes, place);
  if (topic.tombstones) return null;
  throw invalid(place, 'it is null, and the topic was declared without tombstones');
}

/** A key's failure is heard by whoever waits for it, and by nobody where the value has failed before. */
function attended<T>(given: T): T {
  if (given instanceof Promise) given.catch(() => {});
  return given;
}

function decoded(format: DataFormat, bytes: Uint8Array, place: DataPlace): unknown {
  const { codec } = format;
  let data: unknown;
  try {
    data = codec.decode(bytes, place);
  } catch (error) {
    throw unreadable(place, codec.name, error);
  }
  if (!(data instanceof Promise)) return checked(format, data, place, (output) => output);
  refuseUndeclared(format, data, place);
  return data.then(
    (settled) => checked(format, settled, place, (output) => output),
    (error: unknown) => {
      throw unreadable(place, codec.name, error);
    },
  );
}

function encoded(format: DataFormat, data: unknown, place: DataPlace): Uint8Array | Promise<Uint8Array> {
  let bytes: Uint8Array | Promise<Uint8Array>;
  try {
    bytes = format.codec.encode(data, place);
  } catch (error) {
    throw refused(place, messageOf(error), error);
  }
  if (!(bytes instanceof Promise)) return bytes;
  refuseUndeclared(format, bytes, place);
  return bytes.catch((error: unknown) => {
    throw refused(place, messageOf(error), error);
  });
}

/** Whoever reads record by record must know beforehand that there will be something to wait for. */
function refuseUndeclared({ codec }: DataFormat, promise: Promise<unknown>, place: DataPlace): void {
  if (codec.isAsync === true) return;
  promise.catch(() => {});
  const message = `the ${codec.name} codec of ${place.topic} gives promises: it must say so with isAsync: true`;
  throw new KafkaError(ClientErrorCode.INVALID_ARGUMENT, message, place);
}

/** Validates `data` and goes on with `then`, which gets the schema's output. */
function checked<T>(
  format: DataFormat,
  data: unknown,
  place: DataPlace,
  then: (output: unknown) => T | Promise<T>,
): T | Promise<T> {
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

function unreadable(place: DataPlace, codec: string, error: unknown): KafkaError {
  return refused(place, `the ${codec} codec cannot read it: ${messageOf(error)}`, error);
}

/** What a codec threw. A registry that cannot be reached says nothing about the data. */
function refused(place: DataPlace, what: string, error: unknown): KafkaError {
  if (!(error instanceof KafkaError) || error.code === ClientErrorCode.INVALID_DATA) return invalid(place, what, error);
  const message = `the ${place.side}${whereIs(place)} could not be handled: ${error.message}`;
  return new KafkaError(error.code, message, { ...place, retriable: error.retriable, cause: error });
}

function invalid(place: DataPlace, what: string, cause?: unknown): KafkaError {
  const message = `invalid ${place.side}${whereIs(place)}: ${what}`;
  return new KafkaError(ClientErrorCode.INVALID_DATA, message, { ...place, cause });
}

function whereIs({ topic, partition, offset }: DataPlace): string {
  return offset === undefined ? ` for ${topic}` : ` of ${topic}-${partition} at offset ${offset}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
