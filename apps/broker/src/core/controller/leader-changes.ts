import { ErrorCode } from '@ks/protocol';
import type { ClusterImage, PartitionImage } from '../metadata/image.ts';
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
  const isr = from.isr.includes(elected) ? from.isr : [elected];
  const epochs = { leaderEpoch: from.leaderEpoch + 1, partitionEpoch: from.partitionEpoch + 1 };
  const to = { ...partitionRecord(from), leader: elected, isr, ...epochs };
  return { type: 'change', change: { topicId: found.topicId, from, to } };
}

function isAlive(image: ClusterImage, brokerId: number): boolean {
  return image.brokers.get(brokerId)?.fenced === false;
}

function preferred({ leader, replicas, isr }: PartitionImage, image: ClusterImage): number | Refusal {
  const first = replicas[0] ?? -1;
  if (leader === first) return refuse(ErrorCode.ELECTION_NOT_NEEDED, 'the preferred replica leads already');
  if (isr.includes(first) && isAlive(image, first)) return first;
  return refuse(ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE, `the preferred replica ${first} is not in sync`);
}

function unclean({ leader, replicas, isr }: PartitionImage, image: ClusterImage): number | Refusal {
  if (leader >= 0) return refuse(ErrorCode.ELECTION_NOT_NEEDED, `broker ${leader} leads already`);
  const alive = replicas.filter((id) => isAlive(image, id));
  const elected = alive.find((id) => isr.includes(id)) ?? alive[0];
  return elected ?? refuse(ErrorCode.ELIGIBLE_LEADERS_NOT_AVAILABLE, 'no replica is alive');
}
