// ListPartitionReassignments v0 (KIP-455).
import { ErrorCode, ListPartitionReassignments } from '@ks/protocol';
import type { PartitionImage, TopicImage } from '../core/metadata/image.ts';
import { handler } from './handler.ts';
import { CLUSTER_NAME } from './shared/authorized-operations.ts';

export const listPartitionReassignments = handler(ListPartitionReassignments, {}, (broker, request, context) => {
  if (!context.authorize('DESCRIBE', 'CLUSTER', CLUSTER_NAME)) {
    const errorCode = ErrorCode.CLUSTER_AUTHORIZATION_FAILED;
    return { throttleTimeMs: 0, errorCode, errorMessage: 'not allowed to see moves of partitions', topics: [] };
  }
  const { topicsByName } = broker.metadata.image();
  const topics =
    request.topics === null
      ? Array.from(topicsByName.values(), (topic) => moving(topic, topic.partitions))
      : request.topics.flatMap(({ name, partitionIndexes }) => {
          const topic = topicsByName.get(name);
          return topic === undefined ? [] : [moving(topic, named(topic, partitionIndexes))];
        });
  return {
    ...{ throttleTimeMs: 0, errorCode: ErrorCode.NONE, errorMessage: null },
    topics: topics.filter(({ partitions }) => partitions.length > 0),
  };
});

function named(topic: TopicImage, indexes: readonly number[]): readonly PartitionImage[] {
  return [...new Set(indexes)].flatMap((index) => topic.partitions[index] ?? []);
}

function moving({ name }: TopicImage, partitions: readonly PartitionImage[]) {
  return {
    name,
    partitions: partitions
      .filter(({ addingReplicas, removingReplicas }) => addingReplicas.length + removingReplicas.length > 0)
      .map(({ partitionIndex, replicas, addingReplicas, removingReplicas }) => ({
        ...{ partitionIndex, replicas, addingReplicas, removingReplicas },
      })),
  };
}
