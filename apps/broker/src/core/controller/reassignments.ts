import { ErrorCode } from '@ks/protocol';
import type { ClusterImage, PartitionImage } from '../metadata/image.ts';
import { partitionRecord } from '../metadata/records.ts';
import type { PartitionDecision, TopicPartition } from './leader-changes.ts';
import { type Refusal, refuse } from './new-partitions.ts';

/** A partition and the replicas that it is to have; null: a move under way is to end. */
export interface Reassignment extends TopicPartition {
  readonly replicas: readonly number[] | null;
}

/**
 * Plans a reassignment that a client asks for (KIP-455). What needs no copying is done at once: another order of the replicas,
 * or fewer of them. Moves to other brokers come with replication.
 */
export function planReassignment(
  { topic, partitionIndex, replicas }: Reassignment,
  image: ClusterImage,
  mayChangeFactor: boolean,
): PartitionDecision {
  const found = image.topicsByName.get(topic);
  const from = found?.partitions[partitionIndex];
  if (found === undefined || from === undefined) {
    return refuse(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `there is no partition ${topic}-${partitionIndex}`);
  }
  if (replicas === null) {
    return refuse(ErrorCode.NO_REASSIGNMENT_IN_PROGRESS, 'no replica of this partition is being moved');
  }
  const fault = replicasFault(replicas, from, image, mayChangeFactor);
  if (fault !== undefined) return fault;
  if (replicas.length === from.replicas.length && replicas.every((id, index) => id === from.replicas[index])) {
    return { type: 'unchanged' };
  }
  const isr = from.isr.filter((id) => replicas.includes(id));
  const leader = replicas.includes(from.leader) ? from.leader : (replicas.find((id) => isr.includes(id)) ?? -1);
  if (leader < 0) {
    return refuse(ErrorCode.INVALID_REPLICA_ASSIGNMENT, `none of the replicas ${replicas} is in sync`);
  }
  const leaderEpoch = leader === from.leader ? from.leaderEpoch : from.leaderEpoch + 1;
  const epochs = { leaderEpoch, partitionEpoch: from.partitionEpoch + 1 };
  const kept = { elr: from.elr.filter((id) => replicas.includes(id)), lastKnownElr: [] };
  const to = { ...partitionRecord(from), replicas, isr, leader, ...kept, ...epochs };
  return { type: 'change', change: { topicId: found.topicId, from, to } };
}

function replicasFault(
  replicas: readonly number[],
  from: PartitionImage,
  image: ClusterImage,
  mayChangeFactor: boolean,
): Refusal | undefined {
  const refused = (message: string): Refusal => refuse(ErrorCode.INVALID_REPLICA_ASSIGNMENT, message);
  if (replicas.length === 0) return refused('a partition needs at least one replica');
  if (new Set(replicas).size < replicas.length) return refused(`the replicas ${replicas} name a broker twice`);
  const unknown = replicas.find((id) => !image.brokers.has(id));
  if (unknown !== undefined) return refused(`there is no broker ${unknown}`);
  if (!mayChangeFactor && replicas.length !== from.replicas.length) {
    return refuse(
      ErrorCode.INVALID_REPLICATION_FACTOR,
      `the partition has ${from.replicas.length} replicas, and ${replicas.length} are given`,
    );
  }
  const added = replicas.find((id) => !from.replicas.includes(id));
  return added === undefined ? undefined : refused(`ks cannot copy a partition to another broker (${added}) yet`);
}
