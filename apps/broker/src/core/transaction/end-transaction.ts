import { ErrorCode } from '@ks/protocol';
import type { Instant } from '../../ports/clock.ts';
import type { EndTransactionCommand } from './commands.ts';
import { deadlineKey } from './deadlines.ts';
import { producerError, producerReply } from './replies.ts';
import { listOfPartitions, NO_PARTITIONS } from './topic-partitions.ts';
import { bumpsEpoch, isEpochExhausted, moved, PRODUCER_EPOCH_MAX, type Transaction } from './transaction.ts';
import { isPrepared } from './transaction-state.ts';
import {
  recordOf,
  replyOnly,
  type SendMarkersEffect,
  type TransactionDecision,
  type TransactionView,
} from './transaction-view.ts';

/** Commits or aborts the producer's transaction. The reply comes when the outcome is in the log; the markers follow. */
export function endTransaction(
  view: TransactionView,
  command: EndTransactionCommand,
  now: Instant,
): TransactionDecision {
  const transaction = view.transaction(command.transactionalId);
  if (command.transactionalId === '') return replyOnly(producerError(ErrorCode.INVALID_REQUEST));
  if (transaction === undefined) return replyOnly(producerError(ErrorCode.INVALID_PRODUCER_ID_MAPPING));
  const isRetry = isRetryAfterBump(transaction, command);
  const errorCode = ownerFault(transaction, command, isRetry);
  if (errorCode !== ErrorCode.NONE) return replyOnly(producerError(errorCode));
  const { state } = transaction;
  switch (state) {
    case 'Ongoing':
      return prepareForClient(transaction, command, now);
    case 'PrepareCommit':
    case 'PrepareAbort':
      // Whether it asks for this outcome, or has learnt it and is at its next transaction: its time comes after the markers.
      return replyOnly(producerError(ErrorCode.CONCURRENT_TRANSACTIONS));
    case 'CompleteCommit':
    case 'CompleteAbort':
      return isRetry || !bumpsEpoch(command.clientTransactionVersion)
        ? ended(transaction, command)
        : abortNothing(transaction, command, now);
    case 'Empty':
      return abortNothing(transaction, command, now);
    default:
      return replyOnly(producerError(ErrorCode.INVALID_TXN_STATE));
  }
}

/** KIP-890: the client's transaction has ended and its epoch been raised, but it does not know it yet. */
function isRetryAfterBump(transaction: Transaction, command: EndTransactionCommand): boolean {
  if (!bumpsEpoch(command.clientTransactionVersion)) return false;
  const { producerId, producerEpoch } = command;
  if (producerId === transaction.producerId) return transaction.producerEpoch === producerEpoch + 1;
  const isRotated = producerId === transaction.previousProducerId && transaction.producerEpoch === 0;
  return isRotated && isEpochExhausted(producerEpoch);
}

function ownerFault(transaction: Transaction, command: EndTransactionCommand, isRetry: boolean): number {
  const { state, producerId, producerEpoch, nextProducerId } = transaction;
  const isNext = isPrepared(state) && command.producerId === nextProducerId;
  const isCurrent = command.producerId === producerId && command.producerEpoch === producerEpoch;
  const mayRetry = isRetry && state !== 'Ongoing' && state !== 'Empty';
  if (!isNext && !isCurrent && !mayRetry) {
    return command.producerId === producerId ? ErrorCode.PRODUCER_FENCED : ErrorCode.INVALID_PRODUCER_ID_MAPPING;
  }
  // Nobody goes on with the greatest epoch, as nothing could end what began with it: a new id has to be asked for.
  return producerEpoch === PRODUCER_EPOCH_MAX && nextProducerId < 0 ? ErrorCode.PRODUCER_FENCED : ErrorCode.NONE;
}

/** The answer again, where the outcome is the one that was asked for. */
function ended(transaction: Transaction, { committed }: EndTransactionCommand): TransactionDecision {
  const { state, producerId, producerEpoch } = transaction;
  const isSame = committed === (state === 'CompleteCommit');
  return replyOnly(isSame ? producerReply(producerId, producerEpoch) : producerError(ErrorCode.INVALID_TXN_STATE));
}

/** KIP-890: a client that does not know whether anything of its transaction has arrived aborts, and gets a new epoch. */
function abortNothing(transaction: Transaction, command: EndTransactionCommand, now: Instant): TransactionDecision {
  if (command.committed || !bumpsEpoch(command.clientTransactionVersion)) {
    return replyOnly(producerError(ErrorCode.INVALID_TXN_STATE));
  }
  return prepareForClient({ ...transaction, startTimestamp: now.wallMs, partitions: NO_PARTITIONS }, command, now);
}

function prepareForClient(transaction: Transaction, command: EndTransactionCommand, now: Instant): TransactionDecision {
  const { clientTransactionVersion, freshProducerId } = command;
  const rotates = bumpsEpoch(clientTransactionVersion) && isEpochExhausted(transaction.producerEpoch);
  if (rotates && freshProducerId === undefined) return replyOnly({ type: 'needs-producer-id' });
  const nextProducerId = rotates ? (freshProducerId ?? -1) : -1;
  const producerEpoch = bumpsEpoch(clientTransactionVersion)
    ? transaction.producerEpoch + 1
    : transaction.producerEpoch;
  const outcome = { committed: command.committed, nextProducerId, producerEpoch, clientTransactionVersion };
  const decision = prepare(transaction, outcome, now);
  const completed = complete(decision.prepared, now);
  const lastEpoch = bumpsEpoch(clientTransactionVersion)
    ? [lastEpochChange(transaction.transactionalId, transaction.producerEpoch)]
    : [];
  return {
    ...decision.decision,
    reply: producerReply(completed.producerId, completed.producerEpoch),
    soft: [...(decision.decision.soft ?? []), ...lastEpoch],
  };
}

/**
 * Aborts an ongoing transaction on the coordinator's own account (time-out, or another producer takes over): the epoch is raised, so
 * that whoever began it is fenced.
 */
export function fence(transaction: Transaction, now: Instant): TransactionDecision {
  const { clientTransactionVersion, transactionalId } = transaction;
  const producerEpoch = Math.min(transaction.producerEpoch + 1, PRODUCER_EPOCH_MAX);
  const outcome = { committed: false, nextProducerId: -1, producerEpoch, clientTransactionVersion };
  const { decision } = prepare(transaction, outcome, now);
  // KIP-588: a producer that was only slow may ask for the new epoch, unless another has by then.
  const change = lastEpochChange(transactionalId, transaction.producerEpoch);
  return { ...decision, soft: [...(decision.soft ?? []), change] };
}

interface Outcome {
  readonly committed: boolean;
  readonly producerEpoch: number;
  readonly nextProducerId: number;
  readonly clientTransactionVersion: number;
}

/** Puts the outcome into the log; nothing changes it from then on. Without partitions there is nothing to mark: it is complete at once. */
function prepare(
  transaction: Transaction,
  { committed, ...changes }: Outcome,
  now: Instant,
): { readonly prepared: Transaction; readonly decision: TransactionDecision } {
  const { transactionalId } = transaction;
  const prepared = moved(transaction, committed ? 'PrepareCommit' : 'PrepareAbort', {
    ...changes,
    lastUpdateTimestamp: now.wallMs,
  });
  const timers = [{ key: deadlineKey('timeout', transactionalId), atMs: undefined }];
  const soft = [{ type: 'deadlines', timers }] as const;
  const reply = producerError(ErrorCode.NONE);
  if (prepared.partitions.size === 0) {
    return { prepared, decision: { records: [recordOf(prepared), recordOf(complete(prepared, now))], reply, soft } };
  }
  return {
    prepared,
    decision: {
      records: [recordOf(prepared)],
      reply,
      soft,
      whenCommitted: [markersOf(prepared)],
      whenFailed: [{ type: 'retry', transactionalId }],
    },
  };
}

/** The markers that a prepared transaction needs. */
export function markersOf(prepared: Transaction): SendMarkersEffect {
  const { transactionalId, producerId, producerEpoch, clientTransactionVersion } = prepared;
  const committed = prepared.state === 'PrepareCommit';
  const partitions = listOfPartitions(prepared.partitions);
  return {
    type: 'send-markers',
    transactionalId,
    producerId,
    producerEpoch,
    committed,
    partitions,
    clientTransactionVersion,
  };
}

/** The prepared transaction once every partition has its marker. */
export function complete(prepared: Transaction, now: Instant): Transaction {
  const { producerId, nextProducerId } = prepared;
  const rotated =
    nextProducerId < 0
      ? {}
      : { producerId: nextProducerId, previousProducerId: producerId, producerEpoch: 0, nextProducerId: -1 };
  return moved(prepared, prepared.state === 'PrepareCommit' ? 'CompleteCommit' : 'CompleteAbort', {
    partitions: NO_PARTITIONS,
    lastUpdateTimestamp: now.wallMs,
    ...rotated,
  });
}

function lastEpochChange(transactionalId: string, producerEpoch: number) {
  return { type: 'last-epoch', transactionalId, producerEpoch } as const;
}
