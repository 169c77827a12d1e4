import type { StoreTransaction } from '../../ports/metadata-store.ts';
import type { ClusterImage, PartitionImage } from '../metadata/image.ts';
import { liveKey, partitionKey } from '../metadata/keys.ts';
import { isActive, lifeConditions, lostItsTail } from '../metadata/lives.ts';
import { type PartitionRecord, partitionRecord, writeRecord } from '../metadata/records.ts';

/** What a leader's write of its partition's record is made from. */
export interface LeaderWrite {
  readonly topicId: string;
  /** The record that was decided on. */
  readonly partition: PartitionImage;
  readonly effectiveMinIsr: number;
  /** This broker, in the life that it is in. */
  readonly leader: { readonly brokerId: number; readonly brokerEpoch: number };
  /** The image that was decided on. */
  readonly image: ClusterImage;
}

/** A leader's wish to change its ISR. */
export interface IsrChange extends LeaderWrite {
  /** The whole new ISR. */
  readonly isr: readonly number[];
}

/**
 * The compare-and-set of an ISR (design: cluster.md, "Who writes what"): the partition's record is the one that was decided on, and its
 * leader and everyone whom it names in sync or eligible is in the life that was known then: who was born anew has not caught up, and may
 * have lost what it had.
 */
export function isrTransaction(change: IsrChange): StoreTransaction {
  return transactionOf(change, isrRecord(change));
}

/** The partition's record with the new ISR, and with the eligible leaders that follow from it (KIP-966). */
export function isrRecord({ partition, isr, effectiveMinIsr, image }: IsrChange): PartitionRecord {
  // Under a later record nothing would tell any more that a member of the old one lost what it had not synced.
  const isWhole = (id: number) => !lostItsTail(id, partition, image.brokers);
  const whole = isr.filter((id) => isWhole(id) || !partition.isr.includes(id));
  // Below the minimum nothing is committed: who leaves now has all that was, and stays eligible.
  const elr = whole.length >= effectiveMinIsr ? [] : [...new Set([...partition.elr, ...partition.isr])];
  return {
    ...partitionRecord(partition),
    isr: whole,
    elr: elr.filter((id) => isWhole(id) && !whole.includes(id)).sort((a, b) => a - b),
    lastKnownElr: [],
    partitionEpoch: partition.partitionEpoch + 1,
  };
}

/**
 * Gives a leadership away that this broker cannot exercise, because the log's directory has failed: to the first in-sync replica that
 * lives. Undefined where there is none: then nobody else can lead without loss.
 */
export function resignTransaction(write: LeaderWrite): StoreTransaction | undefined {
  const { partition, leader, image } = write;
  const isr = partition.isr.filter((id) => id !== leader.brokerId);
  const record = isrRecord({ ...write, isr });
  const isAble = (id: number) => record.isr.includes(id) && isActive(image.brokers.get(id));
  const next = partition.replicas.find(isAble);
  if (next === undefined) return undefined;
  // What this broker has cannot be had any more: it is no candidate, whatever it once had.
  const elr = record.elr.filter((id) => id !== leader.brokerId);
  return transactionOf(write, { ...record, elr, leader: next, leaderEpoch: partition.leaderEpoch + 1 });
}

function transactionOf({ topicId, partition, leader, image }: LeaderWrite, record: PartitionRecord): StoreTransaction {
  const key = partitionKey(topicId, partition.partitionIndex);
  const others = [...record.isr, ...record.elr].filter((id) => id !== leader.brokerId);
  return {
    conditions: [
      { key, modRevision: partition.modRevision },
      { key: liveKey(leader.brokerId), createRevision: leader.brokerEpoch },
      ...lifeConditions(others, image),
    ],
    operations: [{ type: 'put', key, value: writeRecord(record) }],
  };
}
