import { ErrorCode, OffsetCommit, type RequestOf } from '@ks/protocol';
import type { CommitRequest } from '../runtime/group-coordinator.ts';
import type { BrokerServices } from './broker-services.ts';
import { handler, type RequestContext } from './handler.ts';

type Topic = RequestOf<typeof OffsetCommit>['topics'][number];

/** A topic of the request: what is to be committed of it and which partitions there are not, or the error of them all. */
type Checked =
  | { readonly errorCode: number }
  | (CommitRequest['topics'][number] & { readonly absent: readonly number[] });

// OffsetCommit v2-v10. v2-v4: retention time. v6: leader epoch. v7: static members. v9: groups of the new protocol (KIP-848), error 69
// for an absent group. v10: topic ids.
export const offsetCommit = handler(OffsetCommit, {}, async (broker, request, context) => {
  const { groupId, generationIdOrMemberEpoch, memberId, groupInstanceId, retentionTimeMs } = request;
  const checked = request.topics.map((topic) => checkTopic(topic, groupId, broker, context));
  const topics = checked.filter((each) => 'topic' in each);
  if (topics.length === 0)
    return { topics: request.topics.map((topic, index) => answer(topic, errorOf(checked[index]))) };
  const reply = await broker.groups.commitOffsets({
    groupId,
    generationId: generationIdOrMemberEpoch,
    memberId,
    groupInstanceId,
    retentionTimeMs,
    knowsConsumerGroups: context.apiVersion >= 9,
    topics: topics.map(({ topic, topicId, partitions }) => ({ topic, topicId, partitions })),
  });
  const committed = reply.topics.values();
  return {
    topics: request.topics.map((topic, index) => {
      const fault = errorOf(checked[index]);
      if (fault !== ErrorCode.NONE) return answer(topic, fault);
      const { name, topicId } = topic;
      const partitions = committed.next().value?.partitions ?? [];
      return { name, topicId, partitions: [...absentOf(checked[index]), ...partitions] };
    }),
  };
});

function checkTopic(topic: Topic, groupId: string, broker: BrokerServices, context: RequestContext): Checked {
  if (!context.authorize('READ', 'GROUP', groupId)) return { errorCode: ErrorCode.GROUP_AUTHORIZATION_FAILED };
  const image = broker.metadata.image();
  const isById = context.apiVersion >= 10;
  const found = isById ? image.topicsById.get(topic.topicId) : image.topicsByName.get(topic.name);
  if (isById && found === undefined) return { errorCode: ErrorCode.UNKNOWN_TOPIC_ID };
  if (!context.authorize('READ', 'TOPIC', found?.name ?? topic.name)) {
    return { errorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED };
  }
  if (found === undefined) return { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION };
  const isThere = (index: number): boolean => index >= 0 && index < found.partitions.length;
  const indexes = topic.partitions.map(({ partitionIndex }) => partitionIndex);
  const there = topic.partitions.filter(({ partitionIndex }) => isThere(partitionIndex));
  const partitions = there.map((partition) => ({
    partitionIndex: partition.partitionIndex,
    offset: partition.committedOffset,
    leaderEpoch: partition.committedLeaderEpoch,
    metadata: partition.committedMetadata ?? '',
  }));
  const absent = indexes.filter((index) => !isThere(index));
  return { topic: found.name, topicId: found.topicId, partitions, absent };
}

function errorOf(checked: Checked | undefined): number {
  return checked !== undefined && 'errorCode' in checked ? checked.errorCode : ErrorCode.NONE;
}

function absentOf(checked: Checked | undefined) {
  const absent = checked !== undefined && 'absent' in checked ? checked.absent : [];
  return absent.map((partitionIndex) => ({ partitionIndex, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION }));
}

function answer({ name, topicId, partitions }: Topic, errorCode: number) {
  return { name, topicId, partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })) };
}
