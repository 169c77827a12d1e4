import type { TopicPartitions } from './topic-partitions.ts';
import { isLegalTransition, type TransactionState } from './transaction-state.ts';

/** What the log knows of a transactional id. Immutable. */
export interface Transaction {
  readonly transactionalId: string;
  readonly state: TransactionState;
  readonly producerId: number;
  /** The id before the epochs of `producerId` began, -1 where there was none. */
  readonly previousProducerId: number;
  /** The id that completing brings because the epochs of `producerId` are used up, -1 where none. */
  readonly nextProducerId: number;
  readonly producerEpoch: number;
  readonly timeoutMs: number;
  /** Who takes part: not empty only while the transaction is ongoing or prepared. */
  readonly partitions: TopicPartitions;
  /** Wall time in milliseconds at which the transaction began, -1 where none has. */
  readonly startTimestamp: number;
  readonly lastUpdateTimestamp: number;
  /** The transaction protocol of the client's last request: 2 and more bump the epoch with every transaction (KIP-890). */
  readonly clientTransactionVersion: number;
}

/** Greatest producer epoch (int16): only markers and fencing get that far. */
export const PRODUCER_EPOCH_MAX = 32767;

/** Whether the producer has used its last epoch: one more is kept for the marker that ends its last transaction. */
export function isEpochExhausted(producerEpoch: number): boolean {
  return producerEpoch >= PRODUCER_EPOCH_MAX - 1;
}

/** KIP-890: whether a client of that protocol expects a new epoch after each transaction. */
export function bumpsEpoch(clientTransactionVersion: number): boolean {
  return clientTransactionVersion >= 2;
}

/** The transaction in its next state. Throws where the table of transitions forbids it: that is a bug. */
export function moved(transaction: Transaction, state: TransactionState, changes: Partial<Transaction>): Transaction {
  if (!isLegalTransition(transaction.state, state)) {
    throw new Error(`${transaction.transactionalId} may not go from ${transaction.state} to ${state}`);
  }
  return { ...transaction, ...changes, state };
}
