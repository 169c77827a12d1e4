import { DescribeProducers } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { topicsWithPartitions } from '../groups/by-topic.ts';
import type { TopicPartition } from '../offsets/list-offsets.ts';
import type { AdminOptions } from './admin-options.ts';
import { atNodes, outcomeOf, settleEach } from './items.ts';
import { leaderOf } from './leader-of.ts';
import { partitionLabel } from './partition-label.ts';

/** An idempotent or transactional producer that a partition knows. */
export interface ActiveProducer {
  readonly producerId: number;
  readonly producerEpoch: number;
  /** -1 where it has written nothing but markers. */
  readonly lastSequence: number;
  /** Milliseconds since the epoch; -1 where not known. */
  readonly lastTimestampMs: number;
  /** -1 where it is in no transaction. */
  readonly coordinatorEpoch: number;
  /** The first offset of its open transaction, which readers of committed records wait at; -1 where there is none. */
  readonly transactionStartOffset: number;
}

export interface PartitionProducers extends TopicPartition {
  readonly producers: readonly ActiveProducer[];
}

export interface DescribeProducersOptions extends AdminOptions {
  /** The replica to ask; default: each partition's leader. */
  readonly brokerId?: number | undefined;
}

/** The producers that partitions know (KIP-664). */
export function describeProducers(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  { brokerId, signal }: DescribeProducersOptions,
): Promise<PartitionProducers[]> {
  const ask = async (nodeId: number, some: readonly TopicPartition[]) => {
    const topics = topicsWithPartitions(some).map(({ topic, partitions: partitionIndexes }) => {
      return { name: topic, partitionIndexes };
    });
    const answer = await cluster.callBroker(nodeId, DescribeProducers, { topics }, { signal });
    return some.map(({ topic, partition }) => {
      const found = answer.topics
        .find(({ name }) => name === topic)
        ?.partitions.find(({ partitionIndex }) => partitionIndex === partition);
      const producers = (found?.activeProducers ?? []).map((producer) => ({
        producerId: producer.producerId,
        producerEpoch: producer.producerEpoch,
        lastSequence: producer.lastSequence,
        lastTimestampMs: producer.lastTimestamp,
        coordinatorEpoch: producer.coordinatorEpoch,
        transactionStartOffset: producer.currentTxnStartOffset,
      }));
      return outcomeOf(found, () => ({ topic, partition, producers }), { topic, partition });
    });
  };
  const nodeOf = (one: TopicPartition): Promise<number> =>
    brokerId === undefined ? leaderOf(cluster, one, signal) : Promise.resolve(brokerId);
  const topics = [...new Set(partitions.map(({ topic }) => topic))];
  return settleEach(cluster, partitions, (some) => atNodes(some, nodeOf, ask), {
    signal,
    topics,
    label: partitionLabel,
  });
}
