import { ErrorCode, InitProducerId } from '@ks/protocol';
import { handler, type RequestContext } from './handler.ts';

const PRODUCER_FENCED_SINCE = 4;

// InitProducerId v0-v5. v3: the producer's id and epoch, to get a new epoch after an error (KIP-360). v4: PRODUCER_FENCED. v5:
// TRANSACTION_ABORTABLE (KIP-890).
export const initProducerId = handler(InitProducerId, {}, async (broker, request, context) => {
  const { transactionalId, transactionTimeoutMs, producerId, producerEpoch } = request;
  const errorCode = authorizationFault(transactionalId, context);
  if (errorCode !== ErrorCode.NONE) return { throttleTimeMs: 0, errorCode, producerId: -1, producerEpoch: -1 };
  const asked = { transactionalId, transactionTimeoutMs, producerId, producerEpoch };
  const reply = await broker.transactions.initProducerId(asked);
  return {
    throttleTimeMs: 0,
    errorCode: knownError(reply.errorCode, context.apiVersion),
    producerId: reply.producerId,
    producerEpoch: reply.producerEpoch,
  };
});

function authorizationFault(transactionalId: string | null, context: RequestContext): number {
  if (transactionalId !== null) {
    const isAllowed = context.authorize('WRITE', 'TRANSACTIONAL_ID', transactionalId);
    return isAllowed ? ErrorCode.NONE : ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
  }
  // Kafka also lets in who may write to any topic at all: whoever produces would otherwise need one right more.
  const isAllowed = context.authorize('IDEMPOTENT_WRITE', 'CLUSTER', 'kafka-cluster');
  return isAllowed ? ErrorCode.NONE : ErrorCode.CLUSTER_AUTHORIZATION_FAILED;
}

function knownError(errorCode: number, apiVersion: number): number {
  const isUnknown = errorCode === ErrorCode.PRODUCER_FENCED && apiVersion < PRODUCER_FENCED_SINCE;
  return isUnknown ? ErrorCode.INVALID_PRODUCER_EPOCH : errorCode;
}
