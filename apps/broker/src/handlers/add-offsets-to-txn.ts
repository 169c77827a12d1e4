import { AddOffsetsToTxn, ErrorCode } from '@ks/protocol';
import { handler } from './handler.ts';

const PRODUCER_FENCED_SINCE = 2;

// AddOffsetsToTxn v0-v4. v2: PRODUCER_FENCED. v4: TRANSACTION_ABORTABLE (KIP-890).
export const addOffsetsToTxn = handler(AddOffsetsToTxn, {}, async (broker, request, context) => {
  const { transactionalId, groupId, producerId, producerEpoch } = request;
  if (!context.authorize('WRITE', 'TRANSACTIONAL_ID', transactionalId)) {
    return { throttleTimeMs: 0, errorCode: ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED };
  }
  if (!context.authorize('READ', 'GROUP', groupId)) {
    return { throttleTimeMs: 0, errorCode: ErrorCode.GROUP_AUTHORIZATION_FAILED };
  }
  const errorCode = await broker.transactions.addOffsets({ transactionalId, groupId, producerId, producerEpoch });
  const isUnknown = errorCode === ErrorCode.PRODUCER_FENCED && context.apiVersion < PRODUCER_FENCED_SINCE;
  return { throttleTimeMs: 0, errorCode: isUnknown ? ErrorCode.INVALID_PRODUCER_EPOCH : errorCode };
});
