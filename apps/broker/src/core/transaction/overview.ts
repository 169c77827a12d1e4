import { ErrorCode } from '@ks/protocol';
import type { Instant } from '../../ports/clock.ts';
import type { DescribeCommand, ListCommand } from './commands.ts';
import type { TransactionRecord } from './records.ts';
import type { DescribeReply, ListReply } from './replies.ts';
import { isSettled } from './transaction-state.ts';
import type { TransactionDecision, TransactionView } from './transaction-view.ts';

/** Bytes of transactional ids that one decision forgets at most, so that its tombstones fit any batch. */
const EXPIRED_BYTES_MAX = 64 * 1024;

export function describe(view: TransactionView, { transactionalId }: DescribeCommand): DescribeReply {
  const transaction = view.transaction(transactionalId);
  const errorCode = transaction === undefined ? ErrorCode.TRANSACTIONAL_ID_NOT_FOUND : ErrorCode.NONE;
  return { type: 'describe', errorCode, transaction };
}

/** The transactional ids that pass every filter (KIP-664, KIP-994). */
export function list(view: TransactionView, command: ListCommand, now: Instant): ListReply {
  const { states, producerIds, longerThanMs, matches } = command;
  const transactions = [];
  for (const { transactionalId, producerId, state, startTimestamp } of view.transactions()) {
    if (states.length > 0 && !states.includes(state)) continue;
    if (producerIds.length > 0 && !producerIds.includes(producerId)) continue;
    if (longerThanMs >= 0 && now.wallMs - startTimestamp <= longerThanMs) continue;
    if (!matches(transactionalId)) continue;
    transactions.push({ transactionalId, producerId, state });
  }
  return { type: 'list', errorCode: ErrorCode.NONE, transactions };
}

/** Tombstones for transactional ids that nobody has used for a long time, some at a time. */
export function expire(view: TransactionView, now: Instant): TransactionDecision {
  const records: TransactionRecord[] = [];
  let sizeBytes = 0;
  let more = false;
  for (const { transactionalId, state, lastUpdateTimestamp } of view.transactions()) {
    if (!isSettled(state) || now.wallMs - lastUpdateTimestamp < view.config.transactionalIdExpirationMs) continue;
    // In UTF-8 an id takes three bytes for each of its units at most.
    sizeBytes += 64 + 3 * transactionalId.length;
    if (records.length > 0 && sizeBytes > EXPIRED_BYTES_MAX) {
      more = true;
      break;
    }
    records.push({ transactionalId, value: null });
  }
  const soft = records.map(
    ({ transactionalId }) => ({ type: 'last-epoch', transactionalId, producerEpoch: -1 }) as const,
  );
  return { records, soft, reply: { type: 'expire', errorCode: ErrorCode.NONE, more } };
}
