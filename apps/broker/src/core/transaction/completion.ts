import { ErrorCode } from '@ks/protocol';
import type { Instant } from '../../ports/clock.ts';
import type { CompletedCommand, ResumeCommand, TimeoutCommand } from './commands.ts';
import { deadlineKey } from './deadlines.ts';
import { complete, fence, markersOf } from './end-transaction.ts';
import { isPrepared } from './transaction-state.ts';
import { recordOf, replyOnly, type TransactionDecision, type TransactionView } from './transaction-view.ts';

const done = { type: 'status', errorCode: ErrorCode.NONE } as const;

/** Notes that every partition has its marker. What else became of the transaction meanwhile makes the news old: nothing happens. */
export function completed(view: TransactionView, command: CompletedCommand, now: Instant): TransactionDecision {
  const transaction = view.transaction(command.transactionalId);
  const isSame =
    transaction !== undefined &&
    isPrepared(transaction.state) &&
    transaction.producerId === command.producerId &&
    transaction.producerEpoch === command.producerEpoch;
  if (!isSame) return replyOnly(done);
  return { records: [recordOf(complete(transaction, now))], reply: done };
}

/** Writes a prepared transaction's record again: once that is committed, so is the first. */
export function resume(view: TransactionView, { transactionalId }: ResumeCommand, now: Instant): TransactionDecision {
  const transaction = view.transaction(transactionalId);
  const isDue = view.isDue(deadlineKey('resume', transactionalId), now);
  if (transaction === undefined || !isPrepared(transaction.state) || !isDue) return replyOnly(done);
  return {
    records: [recordOf(transaction)],
    reply: done,
    soft: [{ type: 'deadlines', timers: [{ key: deadlineKey('resume', transactionalId), atMs: undefined }] }],
    whenCommitted: [markersOf(transaction)],
    whenFailed: [{ type: 'retry', transactionalId }],
  };
}

/** Aborts a transaction that has been open for longer than its producer asked for. */
export function timedOut(
  view: TransactionView,
  { transactionalId }: TimeoutCommand,
  now: Instant,
): TransactionDecision {
  const transaction = view.transaction(transactionalId);
  const isDue = view.isDue(deadlineKey('timeout', transactionalId), now);
  if (transaction?.state !== 'Ongoing' || !isDue) return replyOnly(done);
  return { ...fence(transaction, now), reply: done };
}
