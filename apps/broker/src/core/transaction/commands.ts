import type { TopicPartitionList } from './topic-partitions.ts';
import type { TransactionState } from './transaction-state.ts';

export interface ProducerIdAndEpoch {
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** Gives a producer the id and epoch of its transactional id, fencing whoever had it before. */
export interface InitProducerIdCommand {
  readonly type: 'init-producer-id';
  readonly transactionalId: string;
  readonly timeoutMs: number;
  /** What the producer has and wants a new epoch for (KIP-360); undefined for one that starts. */
  readonly expected: ProducerIdAndEpoch | undefined;
  /** A fresh id; undefined at the first try: the reply `needs-producer-id` asks for one. */
  readonly freshProducerId: number | undefined;
}

export interface AddPartitionsCommand extends ProducerIdAndEpoch {
  readonly type: 'add-partitions';
  readonly transactionalId: string;
  readonly partitions: TopicPartitionList;
  readonly clientTransactionVersion: number;
}

/** Asks whether partitions take part in the producer's transaction, without adding them (KIP-890). */
export interface VerifyPartitionsCommand extends ProducerIdAndEpoch {
  readonly type: 'verify-partitions';
  readonly transactionalId: string;
  readonly partitions: TopicPartitionList;
}

export interface EndTransactionCommand extends ProducerIdAndEpoch {
  readonly type: 'end';
  readonly transactionalId: string;
  readonly committed: boolean;
  readonly clientTransactionVersion: number;
  /** As of `InitProducerIdCommand`. */
  readonly freshProducerId: number | undefined;
}

/** Every partition of a prepared transaction has its marker. */
export interface CompletedCommand extends ProducerIdAndEpoch {
  readonly type: 'completed';
  readonly transactionalId: string;
}

/** A prepared transaction whose record was slow to be committed: it is written again. */
export interface ResumeCommand {
  readonly type: 'resume';
  readonly transactionalId: string;
}

/** The deadline of an ongoing transaction has passed. */
export interface TimeoutCommand {
  readonly type: 'timeout';
  readonly transactionalId: string;
}

export interface DescribeCommand {
  readonly type: 'describe';
  readonly transactionalId: string;
}

export interface ListCommand {
  readonly type: 'list';
  /** Empty: every state. */
  readonly states: readonly TransactionState[];
  /** Empty: every producer. */
  readonly producerIds: readonly number[];
  /** Only transactions that began longer ago than this; negative: all. */
  readonly longerThanMs: number;
  /** Whether the id is one of those asked for. */
  readonly matches: (transactionalId: string) => boolean;
}

/** Forgets transactional ids that nobody has used for transactional.id.expiration.ms. */
export interface ExpireCommand {
  readonly type: 'expire';
}

export type TransactionCommand =
  | InitProducerIdCommand
  | AddPartitionsCommand
  | VerifyPartitionsCommand
  | EndTransactionCommand
  | CompletedCommand
  | ResumeCommand
  | TimeoutCommand
  | DescribeCommand
  | ListCommand
  | ExpireCommand;
