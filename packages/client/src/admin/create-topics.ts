import { CreateTopics, ZERO_UUID } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { type AnyTopic, topicName } from '../topic/topic.ts';
import type { ChangeOptions } from './admin-options.ts';
import { outcomeOf, settleEach } from './items.ts';

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
  const { signal, validateOnly = false } = options;
  const timeoutMs = cluster.options.requestTimeoutMs;
  return settleEach(
    cluster,
    topics.map(newTopicBody),
    async (some) => {
      const answer = await cluster.callController(CreateTopics, { topics: some, timeoutMs, validateOnly }, { signal });
      return some.map(({ name }) => {
        const created = answer.topics.find((topic) => topic.name === name);
        return outcomeOf(
          created,
          () => ({
            name,
            topicId: created === undefined || created.topicId === ZERO_UUID ? undefined : created.topicId,
            partitions: created?.numPartitions ?? -1,
            replicationFactor: created?.replicationFactor ?? -1,
          }),
          { topic: name },
        );
      });
    },
    { signal, label: ({ name }) => name },
  );
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
