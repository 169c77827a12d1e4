import { AlterPartitionReassignments } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { byTopic } from '../groups/by-topic.ts';
import type { TopicPartition } from '../offsets/list-offsets.ts';
import type { AdminOptions } from './admin-options.ts';
import { outcomeOf, settleEach, throwIfFailed } from './items.ts';
import { partitionLabel } from './partition-label.ts';

export interface NewReassignment extends TopicPartition {
  /** The brokers that shall have the partition, the preferred leader first; null ends a move that is under way. */
  readonly replicas: readonly number[] | null;
}

export interface ReassignmentOptions extends AdminOptions {
  /** Whether the number of replicas may change (Kafka 4.1). Default true. */
  readonly allowReplicationFactorChange?: boolean | undefined;
}

/** `allowReplicationFactorChange` came with this version (KIP-860). */
const FACTOR_SINCE = 1;

/** Begins or ends moves of partitions (KIP-455); see `listPartitionReassignments` for how far they are. */
export async function alterPartitionReassignments(
  cluster: Cluster,
  reassignments: readonly NewReassignment[],
  { signal, allowReplicationFactorChange = true }: ReassignmentOptions,
): Promise<void> {
  const ask = async (some: readonly NewReassignment[]) => {
    const topics = [...byTopic(some)].map(([name, partitions]) => ({
      name,
      partitions: partitions.map(({ partition, replicas }) => ({ partitionIndex: partition, replicas })),
    }));
    const timeoutMs = cluster.options.requestTimeoutMs;
    const answer = await cluster.callController(
      AlterPartitionReassignments,
      (version) => ({ topics, timeoutMs, ...(version >= FACTOR_SINCE ? { allowReplicationFactorChange } : {}) }),
      { signal, atLeast: allowReplicationFactorChange ? 0 : FACTOR_SINCE },
    );
    throwIfFailed(answer);
    return some.map(({ topic, partition }) => {
      const found = answer.responses
        .find(({ name }) => name === topic)
        ?.partitions.find(({ partitionIndex }) => partitionIndex === partition);
      return outcomeOf(found, () => undefined, { topic, partition });
    });
  };
  await settleEach(cluster, reassignments, ask, { signal, label: partitionLabel });
}
