import { ErrorCode } from '@ks/protocol';
import { ClientErrorCode, KafkaError } from '../kafka-error.ts';
import type { TopicView } from '../metadata/cluster-view.ts';
import type { PendingBatch } from './pending-batch.ts';

export function noPartition(view: TopicView, partition: number): KafkaError {
  const message = `${view.name} has no partition ${partition}: it has ${view.partitions.length}, counted from 0`;
  return new KafkaError(ClientErrorCode.INVALID_ARGUMENT, message, { topic: view.name, partition });
}

export function closedError(): KafkaError {
  return new KafkaError(ClientErrorCode.CLOSED, 'the producer was closed');
}

export function tooLarge(what: string, topic: string, maxRequestBytes: number): KafkaError {
  const message = `${what} for ${topic} is over maxRequestBytes (${maxRequestBytes}): raise it, and the topic's max.message.bytes, or send less`;
  return new KafkaError(ErrorCode.MESSAGE_TOO_LARGE, message, { topic });
}

/** The error of a batch whose time is over. */
export function tooLate({
  topic,
  partition,
  lastError,
  recordsCount,
  deadlineMs,
  createdAtMs,
}: PendingBatch): KafkaError {
  const reason = lastError === undefined ? 'the broker kept up with none of it' : `last: ${lastError.message}`;
  const message = `${recordsCount} records for ${topic}-${partition} were not delivered within ${Math.round(deadlineMs - createdAtMs)} ms (${reason})`;
  return new KafkaError(ErrorCode.REQUEST_TIMED_OUT, message, { topic, partition, cause: lastError });
}

/** Whether the topic takes no batch so large. */
export function isTooLarge({ code }: KafkaError): boolean {
  return code === ErrorCode.MESSAGE_TOO_LARGE || code === ErrorCode.RECORD_LIST_TOO_LARGE;
}

/** Adds what can be done about it. */
export function explained(error: KafkaError, batch: PendingBatch): KafkaError {
  if (!isTooLarge(error)) return error;
  const what = batch.recordsCount > 1 ? `A batch of ${batch.recordsCount} records, given whole,` : 'The record';
  const message = `${error.message} ${what} takes ${batch.sizeBytes} bytes before compression: raise the topic's max.message.bytes.`;
  return new KafkaError(error.code, message, { ...error, cause: error });
}
