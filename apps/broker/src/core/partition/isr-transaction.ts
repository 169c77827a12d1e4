import type { StoreCondition, StoreTransaction } from '../../ports/metadata-store.ts';
import type { PartitionImage } from '../metadata/image.ts';
import { liveKey, partitionKey } from '../metadata/keys.ts';
import { type PartitionRecord, partitionRecord, writeRecord } from '../metadata/records.ts';
import type { LiveBrokers } from './followers.ts';

/** A leader's wish to change its ISR. */
export interface IsrChange {
  readonly topicId: string;
  /** What the wish was made from. */
  readonly partition: PartitionImage;
  /** The whole new ISR. */
  readonly isr: readonly number[];
  readonly effectiveMinIsr: number;
  readonly leader: { readonly brokerId: number; readonly brokerEpoch: number };
  /** As the leader knows them: who joins is compared with its epoch here. */
  readonly live: LiveBrokers;
}

/**
 * The compare-and-set of an ISR (design: cluster.md, "Who writes what"): the partition's record is the one that was decided on, its
 * leader is the incarnation that decided, and everyone who joins is the incarnation that caught up. Undefined where someone who is to
 * join is not alive.
 */
export function isrTransaction(change: IsrChange): StoreTransaction | undefined {
  const { topicId, partition, isr, leader, live } = change;
  const conditions: StoreCondition[] = [
    { key: partitionKey(topicId, partition.partitionIndex), modRevision: partition.modRevision },
    { key: liveKey(leader.brokerId), createRevision: leader.brokerEpoch },
  ];
  for (const id of isr) {
    if (partition.isr.includes(id)) continue;
    const createRevision = live.get(id);
    if (createRevision === undefined) return undefined;
    conditions.push({ key: liveKey(id), createRevision });
  }
  const key = partitionKey(topicId, partition.partitionIndex);
  return { conditions, operations: [{ type: 'put', key, value: writeRecord(isrRecord(change)) }] };
}

/** The partition's record with the new ISR, and with the eligible leaders that follow from it (KIP-966). */
export function isrRecord({ partition, isr, effectiveMinIsr }: IsrChange): PartitionRecord {
  // Below the minimum nothing is committed: who leaves now has all that was, and stays eligible.
  const elr = isr.length >= effectiveMinIsr ? [] : [...new Set([...partition.elr, ...partition.isr])];
  return {
    ...partitionRecord(partition),
    isr,
    elr: elr.filter((id) => !isr.includes(id)).sort((a, b) => a - b),
    lastKnownElr: [],
    partitionEpoch: partition.partitionEpoch + 1,
  };
}
