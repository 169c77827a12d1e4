import { ErrorCode, type Metadata, type ResponseOf, ZERO_UUID } from '@ks/protocol';
import type { Address } from '../ports/network.ts';

export interface BrokerView extends Address {
  readonly nodeId: number;
  readonly rack: string | null;
}

export interface PartitionView {
  readonly partition: number;
  /** -1 while there is no leader. */
  readonly leaderId: number;
  /** -1 where the broker is too old to say. */
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  readonly offlineReplicas: readonly number[];
}

export interface TopicView {
  readonly name: string;
  /** Undefined where the broker is too old to say. */
  readonly topicId: string | undefined;
  readonly isInternal: boolean;
  /** By partition number, without holes. */
  readonly partitions: readonly PartitionView[];
  /** When this was learnt, in monotonic milliseconds. */
  readonly asOfMs: number;
}

/** What is known of a cluster, immutable. */
export interface ClusterView {
  readonly clusterId: string | null;
  /** -1 while there is none. */
  readonly controllerId: number;
  readonly brokers: ReadonlyMap<number, BrokerView>;
  readonly topics: ReadonlyMap<string, TopicView>;
  /** The last error each topic was answered with, where it was. */
  readonly topicErrors: ReadonlyMap<string, number>;
}

export const emptyClusterView: ClusterView = {
  clusterId: null,
  controllerId: -1,
  brokers: new Map(),
  topics: new Map(),
  topicErrors: new Map(),
};

type MetadataResponse = ResponseOf<typeof Metadata>;
type TopicResponse = MetadataResponse['topics'][number];

/** The view after a Metadata response. Topics that it does not speak of stay as they were. */
export function withMetadata(view: ClusterView, response: MetadataResponse, nowMs: number): ClusterView {
  const topics = new Map(view.topics);
  const topicErrors = new Map(view.topicErrors);
  for (const topic of response.topics) {
    if (topic.name === null) continue;
    if (topic.errorCode !== ErrorCode.NONE) {
      topicErrors.set(topic.name, topic.errorCode);
      if (topic.errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) topics.delete(topic.name);
      continue;
    }
    topicErrors.delete(topic.name);
    topics.set(topic.name, topicView(topic.name, topic, topics.get(topic.name), nowMs));
  }
  return {
    clusterId: response.clusterId ?? view.clusterId,
    controllerId: response.controllerId,
    brokers: new Map(response.brokers.map(({ nodeId, host, port, rack }) => [nodeId, { nodeId, host, port, rack }])),
    topics,
    topicErrors,
  };
}

function topicView(name: string, topic: TopicResponse, before: TopicView | undefined, asOfMs: number): TopicView {
  const topicId = topic.topicId === ZERO_UUID ? undefined : topic.topicId;
  const known = before?.topicId === topicId ? before?.partitions : undefined;
  const partitions = topic.partitions
    .toSorted((a, b) => a.partitionIndex - b.partitionIndex)
    .map((partition, index): PartitionView => {
      const earlier = known?.[index];
      // Metadata of a broker that lags behind must not bring a deposed leader back (KIP-320).
      if (earlier !== undefined && partition.leaderEpoch >= 0 && partition.leaderEpoch < earlier.leaderEpoch)
        return earlier;
      return {
        partition: partition.partitionIndex,
        leaderId: partition.leaderId,
        leaderEpoch: partition.leaderEpoch,
        replicas: partition.replicaNodes,
        isr: partition.isrNodes,
        offlineReplicas: partition.offlineReplicas,
      };
    });
  return { name, topicId, isInternal: topic.isInternal, partitions, asOfMs };
}
