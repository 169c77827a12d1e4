import type { TopicPartitions } from '../topic-partitions.ts';

/** A member as an assignor sees it. */
export interface AssignedMember {
  readonly memberId: string;
  readonly instanceId: string | null;
  /** Ids of the topics it subscribes to that there are. */
  readonly topicIds: ReadonlySet<string>;
  /** What it was to have until now; may name topics and partitions that it cannot have any more. */
  readonly target: TopicPartitions;
}

export interface AssignorInput {
  readonly members: readonly AssignedMember[];
  /** How many partitions each topic has that a member subscribes to. */
  readonly partitionCounts: ReadonlyMap<string, number>;
}

/** Gives every partition that anyone subscribes to, to exactly one subscriber. The same input gives the same result. */
export type Assignor = (input: AssignorInput) => ReadonlyMap<string, TopicPartitions>;

/** Whether all members subscribe to the same topics. */
export function isHomogeneous(members: readonly AssignedMember[]): boolean {
  const [first, ...others] = members;
  return others.every(({ topicIds }) => {
    if (topicIds === first?.topicIds) return true;
    if (topicIds.size !== first?.topicIds.size) return false;
    for (const topicId of topicIds) if (!first.topicIds.has(topicId)) return false;
    return true;
  });
}
