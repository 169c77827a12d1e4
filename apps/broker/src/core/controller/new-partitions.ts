import { ErrorCode } from '@ks/protocol';
import type { BrokerImage, ClusterImage } from '../metadata/image.ts';
import { isActive } from '../metadata/lives.ts';
import type { PartitionRecord } from '../metadata/records.ts';
import { placeReplicas } from './replica-placer.ts';

/** Most partitions that one request may create or add. */
export const PARTITIONS_PER_REQUEST_MAX = 10_000;

/** Why a request cannot be done. */
export interface Refusal {
  readonly type: 'refused';
  readonly errorCode: ErrorCode;
  readonly message: string;
}

export type Planned<Plan> = { readonly type: 'planned'; readonly plan: Plan } | Refusal;

export const refuse = (errorCode: ErrorCode, message: string): Refusal => ({ type: 'refused', errorCode, message });

/** The replicas of each new partition, preferred leader first. */
export type Replicas = { readonly replicas: readonly (readonly number[])[] } | Refusal;

/** Lets the placer choose among the live brokers. */
export function place(count: number, factor: number, image: ClusterImage, start: number): Replicas {
  if (count > PARTITIONS_PER_REQUEST_MAX) {
    return refuse(
      ErrorCode.POLICY_VIOLATION,
      `at most ${PARTITIONS_PER_REQUEST_MAX} partitions can be created at a time, not ${count}`,
    );
  }
  const brokers = liveBrokers(image);
  if (factor > brokers.length) {
    const have = brokers.length === 1 ? '1 broker is' : `${brokers.length} brokers are`;
    return refuse(
      ErrorCode.INVALID_REPLICATION_FACTOR,
      `the replication factor ${factor} needs ${factor} brokers, but ${have} alive`,
    );
  }
  // Whoever is about to stop gets nothing new while the others are enough.
  const staying = brokers.filter(isActive);
  const chosen = staying.length >= factor ? staying : brokers;
  return { replicas: placeReplicas({ brokers: chosen, partitionCount: count, replicationFactor: factor, start }) };
}

/** Takes replicas as the caller chose them, `factor` for each partition. */
export function checkAssignment(
  replicas: readonly (readonly number[])[],
  factor: number,
  image: ClusterImage,
): Replicas {
  if (replicas.length > PARTITIONS_PER_REQUEST_MAX) {
    return refuse(
      ErrorCode.POLICY_VIOLATION,
      `at most ${PARTITIONS_PER_REQUEST_MAX} partitions can be created at a time`,
    );
  }
  for (const brokerIds of replicas) {
    const fault = assignmentFault(brokerIds, factor, image);
    if (fault !== undefined) return refuse(ErrorCode.INVALID_REPLICA_ASSIGNMENT, fault);
  }
  return { replicas };
}

function assignmentFault(brokerIds: readonly number[], factor: number, image: ClusterImage): string | undefined {
  if (brokerIds.length === 0) return 'a partition needs at least one replica';
  if (new Set(brokerIds).size < brokerIds.length) return `the replicas ${brokerIds} name a broker twice`;
  if (brokerIds.length !== factor)
    return `all partitions must have ${factor} replicas, but ${brokerIds} are ${brokerIds.length}`;
  const unknown = brokerIds.find((id) => !image.brokers.has(id));
  if (unknown !== undefined) return `there is no broker ${unknown}`;
  return brokerIds.some((id) => isLive(image, id)) ? undefined : `no broker of ${brokerIds} is alive`;
}

/** A partition that begins with every live replica in sync, led by the first of them; who is about to stop counts only where nobody else does. */
export function newPartition(replicas: readonly number[], image: ClusterImage): PartitionRecord {
  const live = replicas.filter((id) => isLive(image, id));
  const active = live.filter((id) => isActive(image.brokers.get(id)));
  const isr = active.length > 0 ? active : live;
  return {
    replicas,
    addingReplicas: [],
    removingReplicas: [],
    isr,
    elr: [],
    lastKnownElr: [],
    leader: isr[0] ?? -1,
    leaderEpoch: 0,
    partitionEpoch: 0,
  };
}

function isLive(image: ClusterImage, brokerId: number): boolean {
  return image.brokers.get(brokerId)?.fenced === false;
}

function liveBrokers(image: ClusterImage): readonly BrokerImage[] {
  return [...image.brokers.values()].filter((broker) => !broker.fenced);
}
