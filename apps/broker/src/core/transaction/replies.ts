import { ErrorCode } from '@ks/protocol';
import type { ProducerIdAndEpoch } from './commands.ts';
import type { TopicPartitionList } from './topic-partitions.ts';
import type { Transaction } from './transaction.ts';
import type { TransactionState } from './transaction-state.ts';

/** The producer's id and epoch from now on; -1 both where there is an error. */
export interface ProducerReply extends ProducerIdAndEpoch {
  readonly type: 'producer';
  readonly errorCode: number;
}

/** Nothing was done: the command is to be given again with a fresh producer id. */
export interface NeedsProducerIdReply {
  readonly type: 'needs-producer-id';
}

/** One error code for each partition of the command, in its order. */
export interface PartitionsReply {
  readonly type: 'partitions';
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partitionIndex: number; readonly errorCode: number }[];
  }[];
}

export interface DescribeReply {
  readonly type: 'describe';
  readonly errorCode: number;
  /** Undefined where there is an error. */
  readonly transaction: Transaction | undefined;
}

export interface ListedTransaction {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly state: TransactionState;
}

export interface ListReply {
  readonly type: 'list';
  readonly errorCode: number;
  readonly transactions: readonly ListedTransaction[];
}

/** `more`: there are others left to be forgotten. */
export interface ExpireReply {
  readonly type: 'expire';
  readonly errorCode: number;
  readonly more: boolean;
}

/** Where an error code says all. */
export interface StatusReply {
  readonly type: 'status';
  readonly errorCode: number;
}

export type TransactionReply =
  | ProducerReply
  | NeedsProducerIdReply
  | PartitionsReply
  | DescribeReply
  | ListReply
  | ExpireReply
  | StatusReply;

export function producerError(errorCode: number): ProducerReply {
  return { type: 'producer', errorCode, producerId: -1, producerEpoch: -1 };
}

export function producerReply(producerId: number, producerEpoch: number): ProducerReply {
  return { type: 'producer', errorCode: ErrorCode.NONE, producerId, producerEpoch };
}

export function partitionsReply(
  asked: TopicPartitionList,
  errorCodeOf: (topic: string, partitionIndex: number) => number,
): PartitionsReply {
  const topics = asked.map(({ topic, partitionIndexes }) => ({
    topic,
    partitions: partitionIndexes.map((partitionIndex) => ({
      partitionIndex,
      errorCode: errorCodeOf(topic, partitionIndex),
    })),
  }));
  return { type: 'partitions', topics };
}
