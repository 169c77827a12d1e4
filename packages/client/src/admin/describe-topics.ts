import { ErrorCode, Metadata, type ResponseOf, ZERO_UUID } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { errorFromCode } from '../kafka-error.ts';
import { type AnyTopic, topicName } from '../topic/topic.ts';
import type { AdminOptions } from './admin-options.ts';
import { type ConfigEntry, describeConfigs } from './describe-configs.ts';

export interface TopicListing {
  readonly name: string;
  /** Undefined where the broker is too old to say. */
  readonly topicId: string | undefined;
  readonly isInternal: boolean;
  readonly partitionCount: number;
  readonly replicationFactor: number;
}

export interface PartitionDescription {
  readonly partition: number;
  /** -1 while there is none. */
  readonly leaderId: number;
  /** -1 where the broker is too old to say. */
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  readonly offlineReplicas: readonly number[];
}

export interface TopicDescription extends TopicListing {
  readonly partitions: readonly PartitionDescription[];
  /** Only where it was asked for. */
  readonly configs?: readonly ConfigEntry[];
}

type TopicResponse = ResponseOf<typeof Metadata>['topics'][number];

export async function listTopics(
  cluster: Cluster,
  options: AdminOptions & { readonly includeInternal?: boolean | undefined },
): Promise<TopicListing[]> {
  const topics = await metadataOf(cluster, null, options);
  return topics
    .filter((topic) => options.includeInternal === true || !topic.isInternal)
    .map(({ partitions: _, ...listing }) => listing)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

export async function describeTopics(
  cluster: Cluster,
  topics: readonly (AnyTopic | string)[],
  options: AdminOptions & { readonly includeConfigs?: boolean | undefined },
): Promise<TopicDescription[]> {
  const names = topics.map(topicName);
  if (names.length === 0) return [];
  const described = await metadataOf(cluster, names, options);
  if (options.includeConfigs !== true) return described;
  const configs = await describeConfigs(
    cluster,
    described.map(({ name }) => ({ type: 'topic', name })),
    options,
  );
  return described.map((topic, index) => ({ ...topic, configs: configs[index]?.entries ?? [] }));
}

/** `null` asks for all topics; topics that have an error are then left out, as they come and go. */
async function metadataOf(
  cluster: Cluster,
  names: readonly string[] | null,
  options: AdminOptions,
): Promise<TopicDescription[]> {
  const body = { topics: names?.map((name) => ({ name })) ?? null, allowAutoTopicCreation: false };
  const response = await cluster.retrying(
    async () => {
      const answer = await cluster.callAny(Metadata, body, { signal: options.signal, atLeast: 4 });
      if (answer.errorCode !== ErrorCode.NONE) throw errorFromCode(answer.errorCode, undefined, {});
      if (names !== null) {
        answer.topics.forEach(throwTopicError);
        // Whoever asks for a topic mostly goes on to use it.
        cluster.absorb(answer);
      }
      return answer;
    },
    { signal: options.signal },
  );
  const byName = new Map(
    response.topics.filter((topic) => topic.errorCode === ErrorCode.NONE).map((topic) => [topic.name, topic]),
  );
  return (names ?? [...byName.keys()]).flatMap((name) => {
    const topic = byName.get(name);
    return name === null || topic === undefined ? [] : [descriptionOf(name, topic)];
  });
}

function throwTopicError(topic: TopicResponse): void {
  if (topic.errorCode === ErrorCode.NONE) return;
  const isUnknown = topic.errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  const details = { topic: topic.name ?? undefined, retriable: isUnknown ? false : undefined };
  throw errorFromCode(topic.errorCode, isUnknown ? 'the topic does not exist' : undefined, details);
}

function descriptionOf(name: string, topic: TopicResponse): TopicDescription {
  const partitions = topic.partitions
    .toSorted((a, b) => a.partitionIndex - b.partitionIndex)
    .map((partition) => ({
      partition: partition.partitionIndex,
      leaderId: partition.leaderId,
      leaderEpoch: partition.leaderEpoch,
      replicas: partition.replicaNodes,
      isr: partition.isrNodes,
      offlineReplicas: partition.offlineReplicas,
    }));
  return {
    name,
    topicId: topic.topicId === ZERO_UUID ? undefined : topic.topicId,
    isInternal: topic.isInternal,
    partitionCount: partitions.length,
    replicationFactor: partitions[0]?.replicas.length ?? 0,
    partitions,
  };
}
