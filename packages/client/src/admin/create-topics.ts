import { CreateTopics, ZERO_UUID } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { type AnyTopic, topicName } from '../topic/topic.ts';
import type { ChangeOptions } from './admin.ts';
import { throwFirstFailure } from './first-failure.ts';

export interface NewTopicOptions {
  /** Default: the broker's num.partitions. */
  readonly partitions?: number | undefined;
  /** Default: the broker's default.replication.factor. */
  readonly replicationFactor?: number | undefined;
  readonly configs?: { readonly [name: string]: string | null } | undefined;
  /** Brokers by partition, in place of the two numbers. */
  readonly assignments?: readonly (readonly number[])[] | undefined;
}

export interface NewTopic extends NewTopicOptions {
  readonly topic: AnyTopic | string;
}

export interface CreatedTopic {
  readonly name: string;
  /** Undefined where the broker is too old to say. */
  readonly topicId: string | undefined;
  /** -1 where the broker does not say. */
  readonly partitions: number;
  readonly replicationFactor: number;
}

export async function createTopics(
  cluster: Cluster,
  topics: readonly NewTopic[],
  options: ChangeOptions,
): Promise<CreatedTopic[]> {
  const body = {
    topics: topics.map(newTopicBody),
    timeoutMs: cluster.options.requestTimeoutMs,
    validateOnly: options.validateOnly ?? false,
  };
  const response = await cluster.retrying(
    async () => {
      const answer = await cluster.callController(CreateTopics, body, { signal: options.signal });
      throwFirstFailure(answer.topics.map((topic) => ({ ...topic, topic: topic.name })));
      return answer;
    },
    { signal: options.signal },
  );
  return response.topics.map(({ name, topicId, numPartitions, replicationFactor }) => ({
    name,
    topicId: topicId === ZERO_UUID ? undefined : topicId,
    partitions: numPartitions,
    replicationFactor,
  }));
}

function newTopicBody(given: NewTopic) {
  const assignments = (given.assignments ?? []).map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds }));
  const isPlaced = assignments.length > 0;
  return {
    name: topicName(given.topic),
    numPartitions: isPlaced ? -1 : (given.partitions ?? -1),
    replicationFactor: isPlaced ? -1 : (given.replicationFactor ?? -1),
    assignments,
    configs: Object.entries(given.configs ?? {}).map(([name, value]) => ({ name, value })),
  };
}
