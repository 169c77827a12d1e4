import { ErrorCode } from '@ks/protocol';
import type { ClusterImage, PartitionImage } from '../metadata/image.ts';
import { isActive, lostItsTail } from '../metadata/lives.ts';
import { partitionRecord } from '../metadata/records.ts';
import { type Refusal, refuse } from './new-partitions.ts';
import type { PartitionChange } from './transactions.ts';

/** One partition as a request names it. */
export interface TopicPartition {
  readonly topic: string;
  readonly partitionIndex: number;
}

/** `preferred`: the first replica, if it is in sync. `unclean`: any live replica, where the partition has no leader. */
export type ElectionType = 'preferred' | 'unclean';

/** What becomes of a partition that was asked for: its change, nothing to be done, or why not. */
export type PartitionDecision =
  | { readonly type: 'change'; readonly change: PartitionChange }
  | { readonly type: 'unchanged' }
  | Refusal;

/** Plans the election that a client asks for (KIP-183, KIP-460). */
export function planLeaderElection(
  { topic, partitionIndex }: TopicPartition,
  type: ElectionType,
  image: ClusterImage,
): PartitionDecision {
  const found = image.topicsByName.get(topic);
  const from = found?.partitions[partitionIndex];
  if (found === undefined || from === undefined) {
    return refuse(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `there is no partition ${topic}-${partitionIndex}`);
  }
  const elected = type === 'preferred' ? preferred(from, image) : unclean(from, image);
  if (typeof elected === 'object') return elected;
  return { type: 'change', change: led(found.topicId, from, elected, image) };
}

/**
 * Leadership moved back to the preferred replicas that are in sync again (`auto.leader.rebalance.enable`), of at most `max`
 * partitions at a time.
 */
export function planPreferredLeaders(image: ClusterImage, max: number): readonly PartitionChange[] {
  const changes: PartitionChange[] = [];
  for (const { topicId, partitions } of image.topicsByName.values()) {
    for (const from of partitions) {
      if (changes.length === max) return changes;
      // A partition without a leader is for elections; here nothing may be lost.
      const elected = from.leader < 0 ? undefined : preferred(from, image);
      if (typeof elected === 'number') changes.push(led(topicId, from, elected, image));
    }
  }
  return changes;
}

/** The partition under a new leader, who alone is in sync where it was not before. */
function led(topicId: string, from: PartitionImage, leader: number, image: ClusterImage): PartitionChange {
  const isWhole = (id: number) => !lostItsTail(id, from, image.brokers);
  const isClean = from.isr.includes(leader) && isWhole(leader);
  const isr = isClean ? from.isr.filter(isWhole) : [leader];
  const elr = isClean || from.elr.includes(leader) ? from.elr.filter((id) => id !== leader && isWhole(id)) : [];
  const epochs = { leaderEpoch: from.leaderEpoch + 1, partitionEpoch: from.partitionEpoch + 1 };
  return { topicId, from, to: { ...partitionRecord(from), leader, isr, elr, lastKnownElr: [], ...epochs } };
}

function preferred(partition: PartitionImage, image: ClusterImage): number | Refusal {
  const first = partition.replicas[0] ?? -1;
  if (partition.leader === first) {
    return refuse(ErrorCode.ELECTION_NOT_NEEDED, 'the preferred replica leads already');
  }
  const isWhole = partition.isr.includes(first) && !lostItsTail(first, partition, image.brokers);
  if (isWhole && isActive(image.brokers.get(first))) return first;
  return refuse(ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE, `the preferred replica ${first} is not in sync`);
}

/** Who lacks least first: in sync, eligible, the last leader, anyone. */
function unclean(partition: PartitionImage, image: ClusterImage): number | Refusal {
  const { leader, replicas, isr, elr, lastKnownElr } = partition;
  if (leader >= 0) return refuse(ErrorCode.ELECTION_NOT_NEEDED, `broker ${leader} leads already`);
  const alive = replicas.filter((id) => image.brokers.get(id)?.fenced === false);
  const isWhole = (id: number) => !lostItsTail(id, partition, image.brokers);
  const elected =
    alive.find((id) => isr.includes(id) && isWhole(id)) ??
    alive.find((id) => elr.includes(id) && isWhole(id)) ??
    alive.find((id) => lastKnownElr.includes(id)) ??
    alive[0];
  return elected ?? refuse(ErrorCode.ELIGIBLE_LEADERS_NOT_AVAILABLE, 'no replica is alive');
}
