import { ErrorCode } from '@ks/protocol';
import { type ClusterImage, mayLead, type PartitionImage } from '../metadata/image.ts';
import { isActive, lostItsTail } from '../metadata/lives.ts';
import { type PartitionRecord, partitionRecord } from '../metadata/records.ts';
import type { PartitionDecision, TopicPartition } from './leader-changes.ts';
import { type Refusal, refuse } from './new-partitions.ts';
import type { PartitionChange } from './transactions.ts';

/** A partition and the replicas that it is to have; null: a move under way is to end. */
export interface Reassignment extends TopicPartition {
  readonly replicas: readonly number[] | null;
}

/**
 * Plans a reassignment that a client asks for (KIP-455). Brokers that are to hold the partition become replicas beside those that
 * hold it now; the old ones go when all new ones are in sync. What needs no copying is done at once: another order of the
 * replicas, or fewer of them.
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
  const target = replicas ?? originalReplicas(from);
  if (replicas === null && !isMoving(from)) {
    return refuse(ErrorCode.NO_REASSIGNMENT_IN_PROGRESS, 'no replica of this partition is being moved');
  }
  const fault = replicas === null ? undefined : replicasFault(replicas, from, image, mayChangeFactor);
  if (fault !== undefined) return fault;
  const begun = beginMove(from, target, image);
  const to = completeMove(begun, from, image) ?? begun;
  if (sameMove(to, from)) return { type: 'unchanged' };
  if (to.leader < 0 && from.leader >= 0) {
    return refuse(ErrorCode.INVALID_REPLICA_ASSIGNMENT, `none of the replicas ${target} is in sync`);
  }
  const record = { ...to, partitionEpoch: from.partitionEpoch + 1 };
  return { type: 'change', change: { topicId: found.topicId, from, to: record } };
}

/** The moves whose new replicas are all in sync: their old replicas go. Looks at `topics` alone. */
export function planCompletedMoves(
  topics: Iterable<{ readonly topicId: string; readonly partitions: readonly PartitionImage[] }>,
  image: ClusterImage,
): readonly PartitionChange[] {
  const changes: PartitionChange[] = [];
  for (const { topicId, partitions } of topics) {
    for (const from of partitions) {
      if (!isMoving(from)) continue;
      const completed = completeMove(partitionRecord(from), from, image);
      if (completed === undefined) continue;
      changes.push({ topicId, from, to: { ...completed, partitionEpoch: from.partitionEpoch + 1 } });
    }
  }
  return changes;
}

/** Replicas are being added or are to go. */
export function isMoving({ addingReplicas, removingReplicas }: PartitionImage): boolean {
  return addingReplicas.length + removingReplicas.length > 0;
}

/** Those that a cancelled move leaves. */
function originalReplicas({ replicas, addingReplicas }: PartitionImage): readonly number[] {
  return replicas.filter((id) => !addingReplicas.includes(id));
}

/** The target first, so that its first is the preferred leader, then those that are to go. What an earlier move began to add and this one does not want goes at once. */
function beginMove(from: PartitionImage, target: readonly number[], image: ClusterImage): PartitionRecord {
  const original = originalReplicas(from);
  const removingReplicas = original.filter((id) => !target.includes(id));
  const replicas = [...target, ...removingReplicas];
  const stays = (id: number) => replicas.includes(id);
  const moved = {
    ...partitionRecord(from),
    replicas,
    addingReplicas: target.filter((id) => !original.includes(id)),
    removingReplicas,
    isr: from.isr.filter((id) => stays(id) && !lostItsTail(id, from, image.brokers)),
    elr: from.elr.filter((id) => stays(id) && !lostItsTail(id, from, image.brokers)),
  };
  return withLeader(moved, from, image);
}

/** The record once the move is over, or undefined where it is not: a new replica is not in sync yet, or nobody who stays can lead. */
function completeMove(record: PartitionRecord, from: PartitionImage, image: ClusterImage): PartitionRecord | undefined {
  const isInSync = (id: number) => record.isr.includes(id) && !lostItsTail(id, from, image.brokers);
  if (!record.addingReplicas.every(isInSync)) return undefined;
  const replicas = record.replicas.filter((id) => !record.removingReplicas.includes(id));
  const isr = record.isr.filter((id) => replicas.includes(id) && isInSync(id));
  const elr = record.elr.filter((id) => replicas.includes(id) && !lostItsTail(id, from, image.brokers));
  const over = withLeader({ ...record, replicas, addingReplicas: [], removingReplicas: [], isr, elr }, from, image);
  const waits = record.addingReplicas.length + record.removingReplicas.length > 0;
  return over.leader < 0 && waits ? undefined : over;
}

/**
 * The record under its leader where that still is in sync, else under another. The leader epoch moves on with every leader, with a leader
 * that was born anew, and with every replica that goes, so that no one of the old set counts any more.
 */
function withLeader(record: PartitionRecord, from: PartitionImage, image: ClusterImage): PartitionRecord {
  const isAble = (id: number) => record.isr.includes(id) && image.brokers.get(id)?.fenced === false;
  const { replicas } = record;
  const next = replicas.find((id) => isAble(id) && isActive(image.brokers.get(id))) ?? replicas.find(isAble) ?? -1;
  const leader = isAble(from.leader) ? from.leader : next;
  const former = image.brokers.get(from.leader);
  // Born anew since the record was written: under a newer one it must not go on in the epoch of its earlier life.
  const isReborn = former !== undefined && !mayLead(from, former);
  const isSmaller = from.replicas.some((id) => !replicas.includes(id));
  return {
    ...record,
    leader,
    // Who led last is remembered for an election that cannot do better, unless it holds the partition no more.
    lastKnownElr: leader >= 0 ? [] : lastLeader(from).filter((id) => replicas.includes(id)),
    leaderEpoch: from.leaderEpoch + (leader !== from.leader || isReborn || isSmaller ? 1 : 0),
  };
}

function lastLeader({ leader, lastKnownElr }: PartitionImage): readonly number[] {
  return leader >= 0 ? [leader] : lastKnownElr;
}

function sameMove(record: PartitionRecord, from: PartitionImage): boolean {
  const same = (a: readonly number[], b: readonly number[]) =>
    a.length === b.length && a.every((id, index) => id === b[index]);
  return (
    same(record.replicas, from.replicas) &&
    same(record.addingReplicas, from.addingReplicas) &&
    same(record.removingReplicas, from.removingReplicas)
  );
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
  const factor = originalReplicas(from).length;
  if (mayChangeFactor || replicas.length === factor) return undefined;
  return refuse(
    ErrorCode.INVALID_REPLICATION_FACTOR,
    `the partition has ${factor} replicas, and ${replicas.length} are given`,
  );
}
