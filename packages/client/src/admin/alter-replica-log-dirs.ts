import { AlterReplicaLogDirs } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { topicsWithPartitions } from '../groups/by-topic.ts';
import type { TopicPartition } from '../offsets/list-offsets.ts';
import type { AdminOptions } from './admin-options.ts';
import { atNodes, outcomeOf, settleEach } from './items.ts';
import { partitionLabel } from './partition-label.ts';

/** A broker's replica of a partition, and the log directory that it shall lie in. */
export interface ReplicaMove extends TopicPartition {
  readonly brokerId: number;
  /** As `describeLogDirs` calls it. */
  readonly path: string;
}

/** Moves replicas between log directories of their brokers. Rejects with LOG_DIR_NOT_FOUND, REPLICA_NOT_AVAILABLE. */
export async function alterReplicaLogDirs(
  cluster: Cluster,
  moves: readonly ReplicaMove[],
  { signal }: AdminOptions,
): Promise<void> {
  const ask = async (brokerId: number, some: readonly ReplicaMove[]) => {
    const dirs = [...new Set(some.map(({ path }) => path))].map((path) => ({
      path,
      topics: topicsWithPartitions(some.filter((move) => move.path === path)).map(({ topic, partitions }) => {
        return { name: topic, partitions };
      }),
    }));
    const { results } = await cluster.callBroker(brokerId, AlterReplicaLogDirs, { dirs }, { signal });
    return some.map(({ topic, partition }) => {
      const found = results
        .find(({ topicName }) => topicName === topic)
        ?.partitions.find(({ partitionIndex }) => partitionIndex === partition);
      return outcomeOf(found, () => undefined, { topic, partition });
    });
  };
  const brokerOf = ({ brokerId }: ReplicaMove): Promise<number> => Promise.resolve(brokerId);
  await settleEach(cluster, moves, (some) => atNodes(some, brokerOf, ask), { signal, label: partitionLabel });
}
