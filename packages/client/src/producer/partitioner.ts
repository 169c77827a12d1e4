import type { PartitionView } from '../metadata/cluster-view.ts';
import type { Random } from '../ports/random.ts';
import { murmur2 } from './murmur2.ts';

/** What a partitioner may go by. */
export interface PartitionerInput {
  readonly topic: string;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** About as much as the record adds to its batch. */
  readonly sizeBytes: number;
  /** By number. One without leader has leaderId -1. */
  readonly partitions: readonly PartitionView[];
}

/** Chooses a partition's number for a record. */
export type Partitioner = (record: PartitionerInput) => number;

/** The partition of a key among `count`, as Java, kafkajs and others choose it. */
export function partitionOfKey(key: Uint8Array, count: number): number {
  return (murmur2(key) & 0x7fffffff) % count;
}

/**
 * Kafka's default: records with a key by its hash; records without one stay with a partition until it got `stickyBytes`, then
 * go on to another that has a leader (KIP-794), so that batches are full.
 */
export function defaultPartitioner(random: Random, stickyBytes: number): Partitioner {
  const sticky = new Map<string, { partition: number; bytes: number }>();
  return ({ topic, key, sizeBytes, partitions }) => {
    if (key !== null) return partitionOfKey(key, partitions.length);
    let current = sticky.get(topic);
    if (current === undefined || current.bytes >= stickyBytes || !hasLeader(partitions, current.partition)) {
      current = { partition: nextSticky(partitions, current?.partition, random), bytes: 0 };
      sticky.set(topic, current);
    }
    current.bytes += sizeBytes;
    return current.partition;
  };
}

/** Another partition than before, among those with a leader, or among all where none has one. */
function nextSticky(partitions: readonly PartitionView[], before: number | undefined, random: Random): number {
  const led = partitions.filter((partition) => partition.leaderId >= 0);
  const candidates = (led.length > 0 ? led : partitions).map(({ partition }) => partition);
  const others = candidates.filter((partition) => partition !== before);
  const among = others.length > 0 ? others : candidates;
  return among[random.int(among.length)] ?? 0;
}

function hasLeader(partitions: readonly PartitionView[], partition: number): boolean {
  return (partitions[partition]?.leaderId ?? -1) >= 0;
}
