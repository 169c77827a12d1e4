/** Puts the partitions of each topic together, topics in the order in which they first come. */
export function groupByTopic<P extends { readonly topic: string }>(
  partitions: readonly P[],
): readonly (readonly [topic: string, partitions: readonly P[]])[] {
  const byTopic = new Map<string, P[]>();
  for (const partition of partitions) {
    const members = byTopic.get(partition.topic);
    if (members === undefined) byTopic.set(partition.topic, [partition]);
    else members.push(partition);
  }
  return [...byTopic];
}
