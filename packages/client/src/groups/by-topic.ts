import type { TopicPartition } from '../offsets/list-offsets.ts';

/** Groups by topic what is given by partition, in the order given. */
export function byTopic<T extends TopicPartition>(items: readonly T[]): Map<string, T[]> {
  const topics = new Map<string, T[]>();
  for (const item of items) {
    const known = topics.get(item.topic);
    if (known === undefined) topics.set(item.topic, [item]);
    else known.push(item);
  }
  return topics;
}
