/** Partitions as requests list them. */
export type TopicPartitionList = readonly { readonly topic: string; readonly partitionIndexes: readonly number[] }[];

/** A set of partitions. Immutable. */
export type TopicPartitions = ReadonlyMap<string, ReadonlySet<number>>;

export const NO_PARTITIONS: TopicPartitions = new Map();

/** Both together; `partitions` itself where it has them all. */
export function withPartitions(partitions: TopicPartitions, added: TopicPartitionList): TopicPartitions {
  if (containsAll(partitions, added)) return partitions;
  const all = new Map(partitions);
  for (const { topic, partitionIndexes } of added) {
    all.set(topic, new Set([...(all.get(topic) ?? []), ...partitionIndexes]));
  }
  return all;
}

export function contains(partitions: TopicPartitions, topic: string, partitionIndex: number): boolean {
  return partitions.get(topic)?.has(partitionIndex) === true;
}

export function containsAll(partitions: TopicPartitions, asked: TopicPartitionList): boolean {
  return asked.every(({ topic, partitionIndexes }) =>
    partitionIndexes.every((partitionIndex) => contains(partitions, topic, partitionIndex)),
  );
}

/** The set as a list: topics in the order they came, partitions ascending. */
export function listOfPartitions(partitions: TopicPartitions): TopicPartitionList {
  return [...partitions].map(([topic, indexes]) => ({
    topic,
    partitionIndexes: [...indexes].sort((a, b) => a - b),
  }));
}
