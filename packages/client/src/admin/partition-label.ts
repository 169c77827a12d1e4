import type { TopicPartition } from '../offsets/list-offsets.ts';

/** How a partition is called in reports. */
export function partitionLabel({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`;
}
