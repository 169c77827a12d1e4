import { ErrorCode } from '@ks/protocol';
import type { Instant } from '../../ports/clock.ts';
import type { AddPartitionsCommand, ProducerIdAndEpoch, VerifyPartitionsCommand } from './commands.ts';
import { deadlineKey } from './deadlines.ts';
import { partitionsReply } from './replies.ts';
import { contains, containsAll, withPartitions } from './topic-partitions.ts';
import { moved, PRODUCER_EPOCH_MAX, type Transaction } from './transaction.ts';
import { isPrepared } from './transaction-state.ts';
import { recordOf, replyOnly, type TransactionDecision, type TransactionView } from './transaction-view.ts';

/** Has partitions take part in the producer's transaction, which begins with the first of them. */
export function addPartitions(view: TransactionView, command: AddPartitionsCommand, now: Instant): TransactionDecision {
  const { transactionalId, partitions: added, clientTransactionVersion } = command;
  const transaction = view.transaction(transactionalId);
  const errorCode = ownerFault(transaction, command);
  if (transaction === undefined || errorCode !== ErrorCode.NONE) {
    return replyOnly(partitionsReply(added, () => errorCode));
  }
  const reply = partitionsReply(added, () => ErrorCode.NONE);
  const isOngoing = transaction.state === 'Ongoing';
  if (isOngoing && containsAll(transaction.partitions, added)) return replyOnly(reply);
  const next = moved(transaction, 'Ongoing', {
    partitions: withPartitions(transaction.partitions, added),
    startTimestamp: isOngoing ? transaction.startTimestamp : now.wallMs,
    lastUpdateTimestamp: now.wallMs,
    clientTransactionVersion,
  });
  const timers = [{ key: deadlineKey('timeout', transactionalId), atMs: now.monotonicMs + next.timeoutMs }];
  return { records: [recordOf(next)], reply, ...(isOngoing ? {} : { soft: [{ type: 'deadlines', timers }] }) };
}

/** Whether partitions take part in the producer's transaction: what a partition's leader asks before it lets a batch in (KIP-890). */
export function verifyPartitions(view: TransactionView, command: VerifyPartitionsCommand): TransactionDecision {
  const { transactionalId, partitions: asked } = command;
  const transaction = view.transaction(transactionalId);
  const errorCode = ownerFault(transaction, command);
  if (transaction === undefined || errorCode !== ErrorCode.NONE) {
    return replyOnly(partitionsReply(asked, () => errorCode));
  }
  return replyOnly(
    partitionsReply(asked, (topic, partitionIndex) =>
      contains(transaction.partitions, topic, partitionIndex) ? ErrorCode.NONE : ErrorCode.TRANSACTION_ABORTABLE,
    ),
  );
}

/** Why a producer may not add to the transaction (or ask of it), NONE if it may. */
function ownerFault(
  transaction: Transaction | undefined,
  command: ProducerIdAndEpoch & { readonly transactionalId: string },
): number {
  if (command.transactionalId === '') return ErrorCode.INVALID_REQUEST;
  if (transaction === undefined) return ErrorCode.INVALID_PRODUCER_ID_MAPPING;
  // The id may be the one that completing brings: the client knows it before the markers are written.
  if (isPrepared(transaction.state) && command.producerId === transaction.nextProducerId) {
    return ErrorCode.CONCURRENT_TRANSACTIONS;
  }
  if (command.producerId !== transaction.producerId) return ErrorCode.INVALID_PRODUCER_ID_MAPPING;
  // The last epoch is for markers and fencing: nothing could end what began with it.
  if (command.producerEpoch === PRODUCER_EPOCH_MAX) return ErrorCode.PRODUCER_FENCED;
  if (command.producerEpoch !== transaction.producerEpoch) return ErrorCode.PRODUCER_FENCED;
  return isPrepared(transaction.state) ? ErrorCode.CONCURRENT_TRANSACTIONS : ErrorCode.NONE;
}
