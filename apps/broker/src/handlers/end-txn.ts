import { EndTxn, ErrorCode } from '@ks/protocol';
import { handler } from './handler.ts';

const PRODUCER_FENCED_SINCE = 2;
const EPOCH_BUMP_SINCE = 5;

// EndTxn v0-v5. v2: PRODUCER_FENCED. v4: TRANSACTION_ABORTABLE. v5: the producer's id and epoch for its next transaction (KIP-890).
export const endTxn = handler(EndTxn, {}, async (broker, request, context) => {
  const { transactionalId, producerId, producerEpoch, committed } = request;
  if (!context.authorize('WRITE', 'TRANSACTIONAL_ID', transactionalId)) {
    return { throttleTimeMs: 0, errorCode: ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED };
  }
  const bumpsEpoch = context.apiVersion >= EPOCH_BUMP_SINCE;
  const reply = await broker.transactions.endTransaction({
    ...{ transactionalId, producerId, producerEpoch, committed },
    clientTransactionVersion: bumpsEpoch ? 2 : 0,
  });
  const isUnknown = reply.errorCode === ErrorCode.PRODUCER_FENCED && context.apiVersion < PRODUCER_FENCED_SINCE;
  const errorCode = isUnknown ? ErrorCode.INVALID_PRODUCER_EPOCH : reply.errorCode;
  if (!bumpsEpoch) return { throttleTimeMs: 0, errorCode };
  return { throttleTimeMs: 0, errorCode, producerId: reply.producerId, producerEpoch: reply.producerEpoch };
});
