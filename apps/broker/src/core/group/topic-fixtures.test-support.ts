import { ConsumerProtocolSubscription } from '@ks/protocol';
import type { ClusterImage, PartitionImage, TopicImage } from '../metadata/image.ts';
import { messageBytes } from './record-bytes.ts';

/** What a consumer of the classic protocol says, in version 0 of its bytes. */
export function consumerSubscription(topics: readonly string[]): Uint8Array {
  return messageBytes(ConsumerProtocolSubscription, 0, 0, { topics: [...topics], ownedPartitions: [] });
}

/** The id of a topic: its name, filled up to a UUID. */
export function topicIdOf(name: string): string {
  return name.slice(0, 21).padEnd(22, 'A');
}

function plainPartition(partitionIndex: number, modRevision: number): PartitionImage {
  const replicas = { replicas: [1], addingReplicas: [], removingReplicas: [], isr: [1], elr: [], lastKnownElr: [] };
  return { partitionIndex, ...replicas, leader: 1, leaderEpoch: 0, partitionEpoch: 0, modRevision };
}

/** The next image, with these topics by their partition counts. One whose count stays is the same topic still. */
export function withTopics(image: ClusterImage, partitionCounts: Readonly<Record<string, number>>): ClusterImage {
  const revision = image.revision + 1;
  const topics = Object.entries(partitionCounts).map(([name, count]): TopicImage => {
    const known = image.topicsByName.get(name);
    const partitions = Array.from({ length: count }, (_, partitionIndex) => plainPartition(partitionIndex, revision));
    return known?.partitions.length === count
      ? known
      : { name, topicId: topicIdOf(name), partitions, modRevision: revision };
  });
  const topicsByName = new Map(topics.map((topic) => [topic.name, topic]));
  const topicsById = new Map(topics.map((topic) => [topic.topicId, topic]));
  return { ...image, revision, topicsByName, topicsById };
}
