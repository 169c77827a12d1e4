import type { ConsumerMember } from './consumer-member.ts';
import {
  type AnyPartitions,
  type AssignedPartitions,
  intersects,
  NOTHING_ASSIGNED,
  type TopicPartitions,
  underEpoch,
  union,
} from './topic-partitions.ts';

export interface ReconcileInput {
  /** What the member is to have in the end. */
  readonly target: TopicPartitions;
  /** The group epoch that the target was made for. */
  readonly targetEpoch: number;
  /** Ids of the topics that the member subscribes to; the target may be older than its subscription. */
  readonly isSubscribed: (topicId: string) => boolean;
  /** Whether nobody holds the partition. */
  readonly isFree: (topicId: string, partition: number) => boolean;
  /** What the member says it has; undefined where it does not say. */
  readonly owned: AnyPartitions | undefined;
}

/**
 * The member's next step towards its target: first it gives up what is not in the target any more and says so, then it moves on to the
 * target's epoch and gets what is free of its new partitions, then the rest as others let go of it. No partition is ever with two.
 * Undefined: a state of a newer release, which only a member that has given up everything can leave.
 */
export function reconciled(member: ConsumerMember, input: ReconcileInput): ConsumerMember | undefined {
  switch (member.state) {
    case 'stable':
      if (member.memberEpoch !== input.targetEpoch) return nextStep(member, input);
      return withoutUnsubscribed(member, input);
    case 'unrevoked-partitions':
      if (stillHas(input.owned, member.pendingRevocation)) return withoutUnsubscribed(member, input);
      return nextStep(member, input);
    case 'unreleased-partitions':
      return nextStep(member, input);
    case 'unknown':
      return input.owned?.size === 0 ? nextStep(member, input) : undefined;
    default:
      return member.state satisfies never;
  }
}

/** Whether the member may still have any of the partitions. */
function stillHas(owned: AnyPartitions | undefined, partitions: AssignedPartitions): boolean {
  return owned === undefined || intersects(owned, partitions);
}

function nextStep(member: ConsumerMember, input: ReconcileInput): ConsumerMember {
  const { targetEpoch } = input;
  const kept = new Map<string, ReadonlyMap<number, number>>();
  const revoked = new Map<string, ReadonlyMap<number, number>>();
  for (const [topicId, assigned] of member.assigned) {
    const wanted = input.isSubscribed(topicId) ? input.target.get(topicId) : undefined;
    putIfAny(
      kept,
      topicId,
      filtered(assigned, (partition) => wanted?.has(partition) === true),
    );
    putIfAny(
      revoked,
      topicId,
      filtered(assigned, (partition) => wanted?.has(partition) !== true),
    );
  }
  if (revoked.size > 0 && stillHas(input.owned, revoked)) {
    const previousMemberEpoch = member.memberEpoch;
    return {
      ...member,
      previousMemberEpoch,
      state: 'unrevoked-partitions',
      assigned: kept,
      pendingRevocation: revoked,
    };
  }
  const { free, hasUnreleased } = missingPartitions(kept, member, input);
  const assigned = union(kept, underEpoch(free, targetEpoch));
  return {
    ...member,
    memberEpoch: targetEpoch,
    previousMemberEpoch: member.memberEpoch,
    state: hasUnreleased ? 'unreleased-partitions' : 'stable',
    assigned,
    pendingRevocation: NOTHING_ASSIGNED,
  };
}

/** What of the target the member does not have: the free ones, and whether others still hold some. */
function missingPartitions(
  kept: AssignedPartitions,
  member: ConsumerMember,
  input: ReconcileInput,
): { readonly free: TopicPartitions; readonly hasUnreleased: boolean } {
  const free = new Map<string, Set<number>>();
  let hasUnreleased = false;
  for (const [topicId, partitions] of input.target) {
    if (!input.isSubscribed(topicId)) continue;
    for (const partition of partitions) {
      if (kept.get(topicId)?.has(partition)) continue;
      // What it has just given up is its own again if it is to get it back.
      const isOwn = member.pendingRevocation.get(topicId)?.has(partition) === true;
      if (!isOwn && !input.isFree(topicId, partition)) {
        hasUnreleased = true;
        continue;
      }
      const each = free.get(topicId);
      if (each === undefined) free.set(topicId, new Set([partition]));
      else each.add(partition);
    }
  }
  return { free, hasUnreleased };
}

/** Has the member give up what it does not subscribe to any more before there is a new target. */
function withoutUnsubscribed(member: ConsumerMember, input: ReconcileInput): ConsumerMember {
  const dropped = new Map([...member.assigned].filter(([topicId]) => !input.isSubscribed(topicId)));
  if (dropped.size === 0) return member;
  const assigned = new Map([...member.assigned].filter(([topicId]) => input.isSubscribed(topicId)));
  if (!stillHas(input.owned, dropped)) return { ...member, assigned };
  return {
    ...member,
    state: 'unrevoked-partitions',
    assigned,
    pendingRevocation: union(member.pendingRevocation, dropped),
  };
}

function filtered(
  partitions: ReadonlyMap<number, number>,
  keeps: (partition: number) => boolean,
): ReadonlyMap<number, number> {
  return new Map([...partitions].filter(([partition]) => keeps(partition)));
}

function putIfAny(
  into: Map<string, ReadonlyMap<number, number>>,
  topicId: string,
  partitions: ReadonlyMap<number, number>,
): void {
  if (partitions.size > 0) into.set(topicId, partitions);
}
