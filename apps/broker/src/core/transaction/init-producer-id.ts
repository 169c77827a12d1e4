import { ErrorCode } from '@ks/protocol';
import type { Instant } from '../../ports/clock.ts';
import type { InitProducerIdCommand, ProducerIdAndEpoch } from './commands.ts';
import { fence } from './end-transaction.ts';
import { producerError, producerReply } from './replies.ts';
import { NO_PARTITIONS } from './topic-partitions.ts';
import { isEpochExhausted, moved, PRODUCER_EPOCH_MAX, type Transaction } from './transaction.ts';
import { recordOf, replyOnly, type TransactionDecision, type TransactionView } from './transaction-view.ts';

/** Gives the producer of a transactional id its id and epoch. Whoever had an older epoch is fenced from then on. */
export function initProducerId(
  view: TransactionView,
  command: InitProducerIdCommand,
  now: Instant,
): TransactionDecision {
  const { transactionalId, timeoutMs, expected } = command;
  if (transactionalId === '') return replyOnly(producerError(ErrorCode.INVALID_REQUEST));
  if (timeoutMs <= 0 || timeoutMs > view.config.maxTimeoutMs) {
    return replyOnly(producerError(ErrorCode.INVALID_TRANSACTION_TIMEOUT));
  }
  const transaction = view.transaction(transactionalId);
  if (transaction === undefined) return initFirst(command, now);
  if (expected !== undefined && !isOwn(transaction, expected)) {
    return replyOnly(producerError(ErrorCode.PRODUCER_FENCED));
  }
  switch (transaction.state) {
    case 'Ongoing':
      // Kafka has anyone with the producer id abort it; a producer that was fenced must not harm the one that fenced it.
      if (expected !== undefined && expected.producerEpoch !== transaction.producerEpoch) {
        return replyOnly(producerError(ErrorCode.PRODUCER_FENCED));
      }
      return { ...fence(transaction, now), reply: producerError(ErrorCode.CONCURRENT_TRANSACTIONS) };
    case 'PrepareCommit':
    case 'PrepareAbort':
      return replyOnly(producerError(ErrorCode.CONCURRENT_TRANSACTIONS));
    default:
      return reinit(view, transaction, command, now);
  }
}

/** Whether a producer that says what it has may mean this transactional id: by its id, or the one whose epochs are used up. */
function isOwn(transaction: Transaction, expected: ProducerIdAndEpoch): boolean {
  if (expected.producerId === transaction.producerId) return true;
  return expected.producerId === transaction.previousProducerId && isEpochExhausted(expected.producerEpoch);
}

function initFirst({ transactionalId, timeoutMs, freshProducerId }: InitProducerIdCommand, now: Instant) {
  if (freshProducerId === undefined) return replyOnly({ type: 'needs-producer-id' });
  const transaction: Transaction = {
    transactionalId,
    state: 'Empty',
    producerId: freshProducerId,
    previousProducerId: -1,
    nextProducerId: -1,
    producerEpoch: 0,
    timeoutMs,
    partitions: NO_PARTITIONS,
    startTimestamp: -1,
    lastUpdateTimestamp: now.wallMs,
    clientTransactionVersion: 0,
  };
  return given(transaction, -1);
}

function reinit(
  view: TransactionView,
  transaction: Transaction,
  command: InitProducerIdCommand,
  now: Instant,
): TransactionDecision {
  const { producerEpoch, transactionalId } = transaction;
  const { expected } = command;
  const isCurrent = expected === undefined || expected.producerEpoch === producerEpoch;
  if (!isCurrent) {
    // KIP-360: the answer was lost, or the epoch was raised without the producer, and it asks with what it had before.
    const isRetry = expected.producerEpoch === view.lastProducerEpoch(transactionalId);
    if (!isRetry) return replyOnly(producerError(ErrorCode.PRODUCER_FENCED));
    // Nobody is given the greatest epoch: nothing could end what would begin with it.
    if (producerEpoch === PRODUCER_EPOCH_MAX) return rotate(transaction, command, now);
    return given(emptied(transaction, command, now, {}), expected.producerEpoch);
  }
  if (isEpochExhausted(producerEpoch)) return rotate(transaction, command, now);
  const next = emptied(transaction, command, now, { producerEpoch: producerEpoch + 1 });
  return given(next, expected === undefined ? -1 : producerEpoch);
}

/** The epochs of the producer id are used up: a fresh id takes its place. */
function rotate(transaction: Transaction, command: InitProducerIdCommand, now: Instant): TransactionDecision {
  const { freshProducerId: producerId, expected } = command;
  if (producerId === undefined) return replyOnly({ type: 'needs-producer-id' });
  const { producerId: previousProducerId, producerEpoch } = transaction;
  const next = emptied(transaction, command, now, { producerId, previousProducerId, producerEpoch: 0 });
  return given(next, expected === undefined ? -1 : producerEpoch);
}

function emptied(
  transaction: Transaction,
  { timeoutMs }: InitProducerIdCommand,
  { wallMs }: Instant,
  changes: Partial<Transaction>,
): Transaction {
  return moved(transaction, 'Empty', {
    timeoutMs,
    partitions: NO_PARTITIONS,
    startTimestamp: -1,
    lastUpdateTimestamp: wallMs,
    nextProducerId: -1,
    ...changes,
  });
}

function given(transaction: Transaction, lastProducerEpoch: number): TransactionDecision {
  const { transactionalId, producerId, producerEpoch } = transaction;
  return {
    records: [recordOf(transaction)],
    reply: producerReply(producerId, producerEpoch),
    soft: [{ type: 'last-epoch', transactionalId, producerEpoch: lastProducerEpoch }],
  };
}
