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

interface TopicPartitions {
  readonly topic: string;
  readonly partitions: readonly number[];
}

/** As members of classic groups write partitions. */
export function topicsWithPartitions(items: readonly TopicPartition[]): TopicPartitions[] {
  return [...byTopic(items)].map(([topic, some]) => ({ topic, partitions: some.map(({ partition }) => partition) }));
}

/** And read them. */
export function partitionsOf(topics: readonly TopicPartitions[]): TopicPartition[] {
  return topics.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })));
}
