import type { AssignedMember, AssignorInput } from './assignor.ts';
import type { TopicPartitions } from '../topic-partitions.ts';

/**
 * Cuts each topic into one run of partitions per subscriber, in the order of instance ids and then member ids. Topics with the same
 * number of partitions and the same subscribers are cut alike, so that equal keys meet at one member.
 */
export function assignRanges({ members, partitionCounts }: AssignorInput): ReadonlyMap<string, TopicPartitions> {
  const assignment = new Map<string, Map<string, ReadonlySet<number>>>();
  for (const { memberId } of members) assignment.set(memberId, new Map());
  const inOrder = [...members].sort(byInstanceThenMember);
  for (const [topicId, partitionCount] of partitionCounts) {
    const subscribers = inOrder.filter(({ topicIds }) => topicIds.has(topicId));
    const quota = Math.floor(partitionCount / subscribers.length);
    const extra = partitionCount % subscribers.length;
    let next = 0;
    subscribers.forEach(({ memberId }, index) => {
      const count = quota + (index < extra ? 1 : 0);
      if (count > 0) assignment.get(memberId)?.set(topicId, run(next, count));
      next += count;
    });
  }
  return assignment;
}

/** Static members first, by their instance ids: theirs stay the same over restarts. */
function byInstanceThenMember(a: AssignedMember, b: AssignedMember): number {
  if (a.instanceId !== null && b.instanceId !== null) return a.instanceId < b.instanceId ? -1 : 1;
  if (a.instanceId !== null) return -1;
  if (b.instanceId !== null) return 1;
  return a.memberId < b.memberId ? -1 : 1;
}

function run(start: number, count: number): ReadonlySet<number> {
  return new Set(Array.from({ length: count }, (_, index) => start + index));
}
