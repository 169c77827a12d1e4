import { ErrorCode } from '@ks/protocol';
import { ClientErrorCode, KafkaError } from '../kafka-error.ts';
import type { TopicView } from '../metadata/cluster-view.ts';

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
