import { ErrorCode } from '@ks/protocol';
import type { Instant } from '../../ports/clock.ts';
import type { ConsumerHeartbeatCommand, ConsumerTimeoutCommand } from './commands.ts';
import { ConsumerGroupDraft } from './consumer-draft.ts';
import type { ConsumerGroup } from './consumer-group.ts';
import { notFound } from './consumer-group-open.ts';
import { type ConsumerMember, STATIC_LEAVE_EPOCH } from './consumer-member.ts';
import { instanceFault } from './consumer-static-member.ts';
import { forgetUnusedRegexes } from './consumer-regexes.ts';
import { bumpEpoch } from './consumer-subscription.ts';
import { downgradeToClassic, mayDowngrade } from './downgrade.ts';
import { type Fault, fault } from './fault.ts';
import type { GroupDecision, GroupView } from './group-shard.ts';
import type { ConsumerHeartbeatReply, GroupReply } from './replies.ts';
import { NOTHING_ASSIGNED, underEpoch } from './topic-partitions.ts';

/** A member says good-bye: for good (-1), or a static one for a while (-2). */
export function leaveConsumerGroup(
  view: GroupView,
  command: ConsumerHeartbeatCommand,
  now: Instant,
): GroupDecision | Fault {
  const { groupId, memberId, memberEpoch, instanceId } = command;
  const group = view.consumerGroup(groupId);
  if (group === undefined) return notFound(groupId);
  const member = instanceId === null ? group.member(memberId) : group.staticMember(instanceId);
  const wrong = instanceId === null ? undefined : instanceFault(member, instanceId, memberId);
  if (wrong !== undefined) return wrong;
  if (member === undefined) return fault(ErrorCode.UNKNOWN_MEMBER_ID, `Member ${memberId} is not in group ${groupId}`);
  const reply = goodBye(memberId, memberEpoch);
  if (memberEpoch !== STATIC_LEAVE_EPOCH || instanceId === null) {
    return removeMembers(view, group, [memberId], now, reply);
  }
  const draft = new ConsumerGroupDraft(view, now, group);
  leaveForAWhile(draft, member);
  return draft.decision(reply);
}

function goodBye(memberId: string, memberEpoch: number): ConsumerHeartbeatReply {
  return {
    type: 'consumer-heartbeat',
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    memberId,
    memberEpoch,
    heartbeatIntervalMs: 0,
    assignment: null,
  };
}

/** Its partitions stay its own until its session ends; whoever comes back under the instance id gets them. */
function leaveForAWhile(draft: ConsumerGroupDraft, member: ConsumerMember): void {
  draft.writeAssignment({
    ...member,
    memberEpoch: STATIC_LEAVE_EPOCH,
    assigned: underEpoch(member.assigned, 0),
    pendingRevocation: NOTHING_ASSIGNED,
  });
  draft.disarm('consumer-rebalance', member.memberId);
}

/** Takes members out for good: the others get their partitions. If those speak the classic protocol only, the group does, too. */
export function removeMembers(
  view: GroupView,
  group: ConsumerGroup,
  memberIds: readonly string[],
  now: Instant,
  reply: GroupReply,
): GroupDecision {
  if (memberIds.length === 0) return { records: [], reply };
  const draft = new ConsumerGroupDraft(view, now, group);
  for (const memberId of memberIds) draft.removeMember(memberId);
  if (mayDowngrade(view, draft.group)) return downgradeToClassic(draft, group, reply, false);
  forgetUnusedRegexes(draft);
  bumpEpoch(draft, true);
  if (draft.group.size === 0) {
    // Nobody is left to assign to: the group is empty, not waiting for an assignment.
    const value = { assignmentEpoch: draft.group.groupEpoch, assignmentTimestamp: now.wallMs };
    draft.write({ type: 'target-metadata', groupId: group.groupId, value });
  }
  return draft.decision(reply);
}

/** A member has been silent for too long, or has not done in time what it had to: it is out. */
export function consumerExpired(view: GroupView, command: ConsumerTimeoutCommand, now: Instant): GroupDecision {
  const { groupId, memberId, key } = command;
  const reply = { type: 'status', errorCode: ErrorCode.NONE } as const;
  const group = view.consumerGroup(groupId);
  // The deadline may have moved on since its timer went off.
  if (group?.member(memberId) === undefined || !view.isDue(key, now)) return { records: [], reply };
  return removeMembers(view, group, [memberId], now, reply);
}
