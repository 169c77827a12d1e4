/** Partitions by topic id. */
export type TopicPartitions = ReadonlyMap<string, ReadonlySet<number>>;

/** Partitions by topic id, each with the member epoch under which it was assigned (KIP-1251). */
export type AssignedPartitions = ReadonlyMap<string, ReadonlyMap<number, number>>;

export const NO_PARTITIONS: TopicPartitions = new Map();
export const NOTHING_ASSIGNED: AssignedPartitions = new Map();

/** Either of the two, where only the partitions matter. */
export type AnyPartitions = ReadonlyMap<string, ReadonlySet<number> | ReadonlyMap<number, unknown>>;

/** Whether both name the same partitions. */
export function samePartitions(a: AnyPartitions, b: AnyPartitions): boolean {
  if (a === b) return true;
  if (a.size !== b.size) return false;
  for (const [topicId, partitions] of a) {
    const others = b.get(topicId);
    if (others === undefined || others.size !== partitions.size) return false;
    for (const partition of partitions.keys()) if (!others.has(partition)) return false;
  }
  return true;
}

/** Whether both name the same partitions under the same epochs. */
export function sameAssignment(a: AssignedPartitions, b: AssignedPartitions): boolean {
  if (a === b) return true;
  if (!samePartitions(a, b)) return false;
  for (const [topicId, partitions] of a) {
    for (const [partition, epoch] of partitions) if (b.get(topicId)?.get(partition) !== epoch) return false;
  }
  return true;
}

/** Whether every partition of `inner` is one of `outer`. */
export function containsAll(outer: AnyPartitions, inner: AnyPartitions): boolean {
  for (const [topicId, partitions] of inner) {
    const others = outer.get(topicId);
    for (const partition of partitions.keys()) if (others?.has(partition) !== true) return false;
  }
  return true;
}

/** Whether any partition is in both. */
export function intersects(a: AnyPartitions, b: AnyPartitions): boolean {
  for (const [topicId, partitions] of a) {
    const others = b.get(topicId);
    if (others === undefined) continue;
    for (const partition of partitions.keys()) if (others.has(partition)) return true;
  }
  return false;
}

/** All of `a` and all of `b`; where both have a partition, the epoch of `b`. */
export function union(a: AssignedPartitions, b: AssignedPartitions): AssignedPartitions {
  if (b.size === 0) return a;
  if (a.size === 0) return b;
  const all = new Map(a);
  for (const [topicId, partitions] of b) all.set(topicId, new Map([...(a.get(topicId) ?? []), ...partitions]));
  return all;
}

/** The partitions under one epoch. */
export function underEpoch(partitions: AnyPartitions, epoch: number): AssignedPartitions {
  return new Map(
    [...partitions].map(([topicId, each]) => [
      topicId,
      new Map([...each.keys()].map((partition) => [partition, epoch])),
    ]),
  );
}

/** How many partitions there are in all. */
export function partitionCountOf(partitions: AnyPartitions): number {
  let count = 0;
  for (const each of partitions.values()) count += each.size;
  return count;
}
