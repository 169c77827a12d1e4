import { ErrorCode } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { errorFromCode } from '../kafka-error.ts';
import type { TopicPartition } from '../offsets/list-offsets.ts';

/** The broker that leads a partition. Rejects with the retriable LEADER_NOT_AVAILABLE where none does. */
export async function leaderOf(
  cluster: Cluster,
  { topic, partition }: TopicPartition,
  signal: AbortSignal | undefined,
): Promise<number> {
  const { leaderId } = await cluster.partition(topic, partition, signal);
  if (leaderId >= 0) return leaderId;
  throw errorFromCode(ErrorCode.LEADER_NOT_AVAILABLE, 'the partition has no leader', { topic, partition });
}
