import { ErrorCode, TxnOffsetCommit } from '@ks/protocol';
import { handler, type RequestContext } from './handler.ts';
import { planCommit, sameError } from './shared/commit-plan.ts';

const ABORTABLE_SINCE = 4;
const ADDS_PARTITION_SINCE = 5;
const TOPIC_IDS_SINCE = 6;

// TxnOffsetCommit v0-v6. v2: leader epoch. v3: member and generation (KIP-447). v4: TRANSACTION_ABORTABLE. v5: adds the group's partition to
// the transaction (KIP-890). v6: topic ids.
export const txnOffsetCommit = handler(TxnOffsetCommit, {}, async (broker, request, context) => {
  const { transactionalId, groupId, producerId, producerEpoch, memberId, groupInstanceId } = request;
  const refusal = authorizationFault(transactionalId, groupId, context);
  if (refusal !== ErrorCode.NONE) {
    return { throttleTimeMs: 0, topics: request.topics.map((topic) => sameError(topic, refusal)) };
  }
  const plan = planCommit(request.topics, context.apiVersion >= TOPIC_IDS_SINCE, broker, context);
  if (plan.topics.length === 0) return { throttleTimeMs: 0, topics: plan.answers([]) };
  const reply = await broker.transactions.commitOffsets({
    ...{ transactionalId, groupId, producerId, producerEpoch, memberId, groupInstanceId, topics: plan.topics },
    generationId: request.generationIdOrMemberEpoch,
    addsPartition: context.apiVersion >= ADDS_PARTITION_SINCE,
  });
  const topics = plan.answers(reply.topics).map(({ name, topicId, partitions }) => ({
    name,
    topicId,
    partitions: partitions.map(({ partitionIndex, errorCode }) => ({
      partitionIndex,
      errorCode: knownError(errorCode, context.apiVersion),
    })),
  }));
  return { throttleTimeMs: 0, topics };
});

function authorizationFault(transactionalId: string, groupId: string, context: RequestContext): number {
  if (!context.authorize('WRITE', 'TRANSACTIONAL_ID', transactionalId)) {
    return ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
  }
  return context.authorize('READ', 'GROUP', groupId) ? ErrorCode.NONE : ErrorCode.GROUP_AUTHORIZATION_FAILED;
}

function knownError(errorCode: number, apiVersion: number): number {
  const isUnknown = errorCode === ErrorCode.TRANSACTION_ABORTABLE && apiVersion < ABORTABLE_SINCE;
  return isUnknown ? ErrorCode.INVALID_TXN_STATE : errorCode;
}
