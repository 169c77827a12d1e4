import type { Instant } from '../../ports/clock.ts';
import type { Deadline, Decision } from '../replicated-state.ts';
import type { TransactionRecord } from './records.ts';
import type { TransactionReply } from './replies.ts';
import type { TopicPartitionList } from './topic-partitions.ts';
import type { Transaction } from './transaction.ts';
import type { TransactionConfig } from './transaction-config.ts';

/** Markers to be written into every partition of a prepared transaction; then the coordinator is told `completed`. */
export interface SendMarkersEffect {
  readonly type: 'send-markers';
  readonly transactionalId: string;
  readonly producerId: number;
  /** The epoch the markers carry: under KIP-890 one above the transaction's. */
  readonly producerEpoch: number;
  readonly committed: boolean;
  readonly partitions: TopicPartitionList;
  readonly clientTransactionVersion: number;
}

/** The record that decided an outcome was slow to be committed: to be written again after a while. */
export interface RetryChange {
  readonly type: 'retry';
  readonly transactionalId: string;
}

/** Deadlines set or taken back. */
export interface DeadlinesChange {
  readonly type: 'deadlines';
  readonly timers: readonly Deadline[];
}

/** The epoch that a producer had before its last one: who asks with it again gets the answer again (KIP-360). */
export interface LastEpochChange {
  readonly type: 'last-epoch';
  readonly transactionalId: string;
  /** -1: nobody may. */
  readonly producerEpoch: number;
}

export type TransactionSoftChange = RetryChange | DeadlinesChange | LastEpochChange;
export type TransactionEffect = SendMarkersEffect | RetryChange;
export type TransactionDecision = Decision<
  TransactionRecord,
  TransactionReply,
  TransactionSoftChange,
  TransactionEffect
>;

/** What decisions are made from: nothing here changes. */
export interface TransactionView {
  readonly config: TransactionConfig;
  transaction(transactionalId: string): Transaction | undefined;
  transactions(): Iterable<Transaction>;
  /** -1 where nobody may ask with it. */
  lastProducerEpoch(transactionalId: string): number;
  /** Whether the deadline is set and has passed. */
  isDue(key: string, now: Instant): boolean;
}

export function replyOnly(reply: TransactionReply): TransactionDecision {
  return { records: [], reply };
}

/** The record of a transaction's new value. */
export function recordOf(value: Transaction): TransactionRecord {
  return { transactionalId: value.transactionalId, value };
}
