// DescribeTopicPartitions v0 (KIP-966): topics in the order of their names, a bounded number of partitions at a time.
import { DescribeTopicPartitions, ErrorCode, type RequestOf, type ResponseInput, ZERO_UUID } from '@ks/protocol';
import { internalTopics, topicNameFault } from '../core/controller/topic-names.ts';
import type { ClusterImage, PartitionImage, TopicImage } from '../core/metadata/image.ts';
import { handler, type RequestContext } from './handler.ts';
import { topicAuthorizedOperations } from './shared/authorized-operations.ts';

type Request = RequestOf<typeof DescribeTopicPartitions>;
type Topic = ResponseInput<typeof DescribeTopicPartitions>['topics'][number];
type Cursor = NonNullable<Request['cursor']>;

export const describeTopicPartitions = handler(DescribeTopicPartitions, {}, (broker, request, context) => {
  const { cursor } = request;
  if (cursor !== null && !isPossible(cursor, request.topics)) {
    const topics = request.topics.map(({ name }) => refused(name, ErrorCode.INVALID_REQUEST));
    return { throttleTimeMs: 0, topics };
  }
  const image = broker.metadata.image();
  const isAll = request.topics.length === 0;
  const names = isAll ? image.topicsByName.keys() : request.topics.map(({ name }) => name);
  const asked = [...new Set(names)].filter((name) => cursor === null || name >= cursor.topicName).sort();
  const allowed = asked.filter((name) => context.authorize('DESCRIBE', 'TOPIC', name));
  const limit = Math.min(request.responsePartitionLimit, broker.config.values['max.request.partition.size.limit']);
  const page = describe(image, allowed, { cursor, limit: Math.max(1, limit), isAll }, context);
  const denied = isAll ? [] : asked.filter((name) => !allowed.includes(name));
  const refusals = denied.map((name) => refused(name, ErrorCode.TOPIC_AUTHORIZATION_FAILED));
  return { throttleTimeMs: 0, topics: [...page.topics, ...refusals], nextCursor: page.nextCursor };
});

/** Who names topics goes on within them. */
function isPossible({ topicName, partitionIndex }: Cursor, asked: Request['topics']): boolean {
  return partitionIndex >= 0 && (asked.length === 0 || asked.some(({ name }) => name === topicName));
}

interface PageOptions {
  readonly cursor: Cursor | null;
  /** Partitions, above 0. */
  readonly limit: number;
  /** Then a topic that goes meanwhile is left out. */
  readonly isAll: boolean;
}

function describe(
  image: ClusterImage,
  names: readonly string[],
  { cursor, limit, isAll }: PageOptions,
  context: RequestContext,
): { readonly topics: Topic[]; readonly nextCursor: Cursor | null } {
  const topics: Topic[] = [];
  let room = limit;
  for (const name of names) {
    if (room === 0) return { topics, nextCursor: { topicName: name, partitionIndex: 0 } };
    const topic = image.topicsByName.get(name);
    if (topic === undefined) {
      if (!isAll) topics.push(refused(name, missingError(name)));
      continue;
    }
    const first = cursor?.topicName === name ? cursor.partitionIndex : 0;
    const partitions = topic.partitions.slice(first, first + room);
    topics.push(shown(image, topic, partitions, context));
    room -= partitions.length;
    const next = first + partitions.length;
    if (next < topic.partitions.length) return { topics, nextCursor: { topicName: name, partitionIndex: next } };
  }
  return { topics, nextCursor: null };
}

function missingError(name: string): number {
  return topicNameFault(name) === undefined ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.INVALID_TOPIC_EXCEPTION;
}

/** Nobody learns from a refusal whether the topic is there. */
function refused(name: string, errorCode: number): Topic {
  return { name, errorCode, topicId: ZERO_UUID, isInternal: false, partitions: [] };
}

function shown(
  image: ClusterImage,
  { name, topicId }: TopicImage,
  partitions: readonly PartitionImage[],
  context: RequestContext,
): Topic {
  return {
    ...{ errorCode: ErrorCode.NONE, name, topicId, isInternal: internalTopics.has(name) },
    partitions: partitions.map((partition) => shownPartition(image, partition, context)),
    topicAuthorizedOperations: topicAuthorizedOperations(context, name),
  };
}

function shownPartition(
  image: ClusterImage,
  partition: PartitionImage,
  { listenerName }: RequestContext,
): Topic['partitions'][number] {
  const { partitionIndex, leader, leaderEpoch, replicas, isr, elr, lastKnownElr } = partition;
  const isReachable = (id: number): boolean => {
    const broker = image.brokers.get(id);
    return broker?.fenced === false && broker.endpoints.some((each) => each.listenerName === listenerName);
  };
  return {
    ...{ errorCode: ErrorCode.NONE, partitionIndex, leaderEpoch },
    leaderId: isReachable(leader) ? leader : -1,
    replicaNodes: replicas,
    isrNodes: isr,
    eligibleLeaderReplicas: elr,
    lastKnownElr,
    offlineReplicas: replicas.filter((id) => !isReachable(id)),
  };
}
