import { ErrorCode } from '@ks/protocol';
import type { ConsumerGroupDraft } from './consumer-draft.ts';
import { type ConsumerMember, newMember } from './consumer-member.ts';
import { type Fault, fault } from './fault.ts';
import { reconciled } from './reconcile.ts';
import { type AnyPartitions, sameAssignment } from './topic-partitions.ts';

/** Takes a member a step towards its target and watches that it gives up in time what it must. */
export function reconcileMember(
  draft: ConsumerGroupDraft,
  memberId: string,
  owned: AnyPartitions | undefined,
): ConsumerMember | Fault {
  const { group } = draft;
  const member = group.member(memberId) ?? newMember(memberId);
  // Most heartbeats only say that the member lives.
  if (draft.records.length === 0 && group.isReconciled(member)) return member;
  const { topicsById } = draft.view.image();
  const subscribed = group.subscribedTopics(member);
  const next = reconciled(member, {
    target: group.target(memberId),
    targetEpoch: group.assignmentEpoch,
    isSubscribed: (topicId) => {
      const name = topicsById.get(topicId)?.name;
      return name !== undefined && subscribed.has(name);
    },
    isFree: (topicId, partition) => group.owner(topicId, partition) === undefined,
    owned,
  });
  if (next === undefined) {
    return fault(ErrorCode.FENCED_MEMBER_EPOCH, 'The member must give up all its partitions and join again');
  }
  if (isSame(member, next)) return member;
  draft.writeAssignment(next);
  if (next.state === 'unrevoked-partitions') draft.arm('consumer-rebalance', next.rebalanceTimeoutMs, memberId);
  else draft.disarm('consumer-rebalance', memberId);
  return next;
}

function isSame(a: ConsumerMember, b: ConsumerMember): boolean {
  return (
    a.state === b.state &&
    a.memberEpoch === b.memberEpoch &&
    sameAssignment(a.assigned, b.assigned) &&
    sameAssignment(a.pendingRevocation, b.pendingRevocation)
  );
}
