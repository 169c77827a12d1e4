import { DeleteRecords } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { byTopic } from '../groups/by-topic.ts';
import type { TopicPartition } from '../offsets/list-offsets.ts';
import type { AdminOptions } from './admin-options.ts';
import { atNodes, outcomeOf, settleEach } from './items.ts';
import { leaderOf } from './leader-of.ts';
import { partitionLabel } from './partition-label.ts';

export interface RecordsToDelete extends TopicPartition {
  /** Records before this offset go; `end`: all that are there. */
  readonly before: number | 'end';
}

export interface DeletedRecords extends TopicPartition {
  /** The first offset that is left. */
  readonly logStartOffset: number;
}

/** Deletes records before an offset, at each partition's leader. Rejects with OFFSET_OUT_OF_RANGE beyond the high watermark. */
export function deleteRecords(
  cluster: Cluster,
  records: readonly RecordsToDelete[],
  { signal }: AdminOptions,
): Promise<DeletedRecords[]> {
  const nodeOf = (one: TopicPartition): Promise<number> => leaderOf(cluster, one, signal);
  const ask = async (nodeId: number, some: readonly RecordsToDelete[]) => {
    const topics = [...byTopic(some)].map(([name, partitions]) => ({
      name,
      partitions: partitions.map(({ partition, before }) => ({
        partitionIndex: partition,
        offset: before === 'end' ? -1 : before,
      })),
    }));
    const timeoutMs = cluster.options.requestTimeoutMs;
    const answer = await cluster.callBroker(nodeId, DeleteRecords, { topics, timeoutMs }, { signal });
    return some.map(({ topic, partition }) => {
      const found = answer.topics
        .find(({ name }) => name === topic)
        ?.partitions.find(({ partitionIndex }) => partitionIndex === partition);
      const value = () => ({ topic, partition, logStartOffset: found?.lowWatermark ?? -1 });
      return outcomeOf(found, value, { topic, partition });
    });
  };
  const topics = [...new Set(records.map(({ topic }) => topic))];
  return settleEach(cluster, records, (some) => atNodes(some, nodeOf, ask), { signal, topics, label: partitionLabel });
}
