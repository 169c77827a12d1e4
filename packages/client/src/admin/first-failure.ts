import { ErrorCode } from '@ks/protocol';
import { errorFromCode, type KafkaError } from '../kafka-error.ts';
import { KafkaItemsError } from './items.ts';

/** A partition's outcome in an admin response. */
export interface PartitionOutcome {
  readonly errorCode: number;
  readonly topic: string;
  readonly partitionIndex: number;
}

/**
 * Throws the error of the first partition that failed, which tells of the others if there are any. One that may succeed later counts
 * only if no other failed. A topic that is unknown is not waited for: whoever administers topics wants to hear of it.
 */
export function throwFirstFailure(outcomes: readonly PartitionOutcome[]): void {
  const items = outcomes.map((outcome) => ({
    item: `${outcome.topic}-${outcome.partitionIndex}`,
    error: errorOf(outcome),
  }));
  const errors = items.map(({ error }) => error).filter((error) => error !== undefined);
  const first = errors.find((error) => !error.retriable) ?? errors[0];
  if (first !== undefined) throw items.length === 1 ? first : new KafkaItemsError(first, items);
}

function errorOf({ errorCode, topic, partitionIndex }: PartitionOutcome): KafkaError | undefined {
  if (errorCode === ErrorCode.NONE) return undefined;
  const isUnknown = errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  const details = { topic, partition: partitionIndex, retriable: isUnknown ? false : undefined };
  return errorFromCode(errorCode, undefined, details);
}
