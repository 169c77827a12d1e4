import { ListPartitionReassignments } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { topicsWithPartitions } from '../groups/by-topic.ts';
import type { TopicPartition } from '../offsets/list-offsets.ts';
import type { AdminOptions } from './admin-options.ts';
import { throwIfFailed } from './items.ts';

/** A partition that moves between brokers. */
export interface PartitionReassignment extends TopicPartition {
  readonly replicas: readonly number[];
  readonly addingReplicas: readonly number[];
  readonly removingReplicas: readonly number[];
}

/** The moves that are under way: of these partitions, or of all (KIP-455). */
export function listPartitionReassignments(
  cluster: Cluster,
  partitions: readonly TopicPartition[] | undefined,
  { signal }: AdminOptions,
): Promise<PartitionReassignment[]> {
  const topics =
    partitions === undefined
      ? null
      : topicsWithPartitions(partitions).map(({ topic, partitions: partitionIndexes }) => {
          return { name: topic, partitionIndexes };
        });
  return cluster.retrying(
    async () => {
      const timeoutMs = cluster.options.requestTimeoutMs;
      const answer = await cluster.callController(ListPartitionReassignments, { topics, timeoutMs }, { signal });
      throwIfFailed(answer);
      return answer.topics.flatMap(({ name: topic, partitions: moving }) =>
        moving.map(({ partitionIndex: partition, replicas, addingReplicas, removingReplicas }) => {
          return { topic, partition, replicas, addingReplicas, removingReplicas };
        }),
      );
    },
    { signal },
  );
}
