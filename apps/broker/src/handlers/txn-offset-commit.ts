import { ErrorCode, type RequestOf, TxnOffsetCommit } from '@ks/protocol';
import type { TransactionalCommitRequest } from '../runtime/transactional-offsets.ts';
import type { BrokerServices } from './broker-services.ts';
import { handler, type RequestContext } from './handler.ts';

type Topic = RequestOf<typeof TxnOffsetCommit>['topics'][number];

/** A topic of the request: what is to be committed of it, or the error of all its partitions. */
type Checked = { readonly errorCode: number } | TransactionalCommitRequest['topics'][number];

const ABORTABLE_SINCE = 4;
const ADDS_PARTITION_SINCE = 5;
const TOPIC_IDS_SINCE = 6;

// TxnOffsetCommit v0-v5 (v6 with topic ids where the release has it). v2: leader epoch. v3: member and generation (KIP-447). v4:
// TRANSACTION_ABORTABLE. v5: adds the group's partition to the transaction (KIP-890).
export const txnOffsetCommit = handler(TxnOffsetCommit, {}, async (broker, request, context) => {
  const { transactionalId, groupId } = request;
  const refusal = authorizationFault(transactionalId, groupId, context);
  if (refusal !== ErrorCode.NONE) {
    return { throttleTimeMs: 0, topics: request.topics.map((topic) => answer(topic, refusal)) };
  }
  const checked = request.topics.map((topic) => checkTopic(topic, broker, context));
  const topics = checked.filter((each) => 'topic' in each);
  const committed = topics.length === 0 ? [] : (await commit(broker, request, topics, context)).topics;
  const answers = committed.values();
  return {
    throttleTimeMs: 0,
    topics: request.topics.map((topic, index) => {
      const each = checked[index];
      if (each !== undefined && 'errorCode' in each) return answer(topic, each.errorCode);
      const partitions = (answers.next().value?.partitions ?? []).map(({ partitionIndex, errorCode }) => ({
        partitionIndex,
        errorCode: knownError(errorCode, context.apiVersion),
      }));
      return { name: topic.name, topicId: topic.topicId, partitions };
    }),
  };
});

function authorizationFault(transactionalId: string, groupId: string, context: RequestContext): number {
  if (!context.authorize('WRITE', 'TRANSACTIONAL_ID', transactionalId)) {
    return ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
  }
  return context.authorize('READ', 'GROUP', groupId) ? ErrorCode.NONE : ErrorCode.GROUP_AUTHORIZATION_FAILED;
}

function commit(
  broker: BrokerServices,
  request: RequestOf<typeof TxnOffsetCommit>,
  topics: TransactionalCommitRequest['topics'],
  context: RequestContext,
) {
  const { transactionalId, groupId, producerId, producerEpoch, memberId, groupInstanceId } = request;
  return broker.transactions.commitOffsets({
    ...{ transactionalId, groupId, producerId, producerEpoch, memberId, groupInstanceId, topics },
    generationId: request.generationIdOrMemberEpoch,
    addsPartition: context.apiVersion >= ADDS_PARTITION_SINCE,
  });
}

function checkTopic(topic: Topic, broker: BrokerServices, context: RequestContext): Checked {
  const image = broker.metadata.image();
  const isById = context.apiVersion >= TOPIC_IDS_SINCE;
  const found = isById ? image.topicsById.get(topic.topicId) : image.topicsByName.get(topic.name);
  if (isById && found === undefined) return { errorCode: ErrorCode.UNKNOWN_TOPIC_ID };
  if (!context.authorize('READ', 'TOPIC', found?.name ?? topic.name)) {
    return { errorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED };
  }
  if (found === undefined) return { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION };
  const partitions = topic.partitions.map((partition) => ({
    partitionIndex: partition.partitionIndex,
    offset: partition.committedOffset,
    leaderEpoch: partition.committedLeaderEpoch,
    metadata: partition.committedMetadata ?? '',
  }));
  return { topic: found.name, topicId: found.topicId, partitions };
}

function answer({ name, topicId, partitions }: Topic, errorCode: number) {
  return { name, topicId, partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })) };
}

function knownError(errorCode: number, apiVersion: number): number {
  const isUnknown = errorCode === ErrorCode.TRANSACTION_ABORTABLE && apiVersion < ABORTABLE_SINCE;
  return isUnknown ? ErrorCode.INVALID_TXN_STATE : errorCode;
}
