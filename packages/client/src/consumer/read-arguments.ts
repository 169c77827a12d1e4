import { ClientErrorCode, KafkaError } from '../kafka-error.ts';
import type { AnyTopic } from '../topic/topic.ts';
import type { ReadOptions } from './consumer-options.ts';

export type Topics = readonly (AnyTopic | string)[];

/** `read` and `batches` take topics, with options in front or without. */
export function splitArguments(given: readonly (ReadOptions | AnyTopic | string)[]): {
  readonly options: ReadOptions;
  readonly topics: Topics;
} {
  const [first, ...rest] = given;
  if (first === undefined) return { options: {}, topics: [] };
  if (isTopic(first)) return { options: {}, topics: [first, ...rest.filter(isTopic)] };
  return { options: first, topics: rest.filter(isTopic) };
}

/** The topics that have types. */
export function typedByName(topics: Topics): ReadonlyMap<string, AnyTopic> {
  return new Map(topics.flatMap((topic) => (typeof topic === 'string' ? [] : [[topic.name, topic]])));
}

/** The error of a reader that cannot wait for a schema. */
export function asynchronousSchema(topic: string): KafkaError {
  const message = `the schema of ${topic} checks asynchronously: use read, which waits for it`;
  return new KafkaError(ClientErrorCode.INVALID_ARGUMENT, message, { topic });
}

function isTopic(given: ReadOptions | AnyTopic | string): given is AnyTopic | string {
  return typeof given === 'string' || 'name' in given;
}
