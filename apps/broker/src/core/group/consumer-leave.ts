import { ErrorCode } from '@ks/protocol';
import type { Instant } from '../../ports/clock.ts';
import type { ConsumerHeartbeatCommand, ConsumerTimeoutCommand } from './commands.ts';
import { ConsumerGroupDraft } from './consumer-draft.ts';
import { notFound } from './consumer-group-open.ts';
import { instanceFault } from './consumer-heartbeat.ts';
import { type ConsumerMember, STATIC_LEAVE_EPOCH } from './consumer-member.ts';
import { forgetUnusedRegexes } from './consumer-regexes.ts';
import { bumpEpoch } from './consumer-subscription.ts';
import { type Fault, fault } from './fault.ts';
import type { GroupDecision, GroupView } from './group-shard.ts';
import type { ConsumerHeartbeatReply } from './replies.ts';
import { underEpoch, NOTHING_ASSIGNED } from './topic-partitions.ts';

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
  const draft = new ConsumerGroupDraft(view, now, group);
  if (memberEpoch === STATIC_LEAVE_EPOCH && instanceId !== null) leaveForAWhile(draft, member);
  else removeMembers(draft, [memberId]);
  return draft.decision(goodBye(memberId, memberEpoch));
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

/** Takes members out for good: the others get their partitions. */
export function removeMembers(draft: ConsumerGroupDraft, memberIds: readonly string[]): void {
  const { group, groupId, now } = draft;
  for (const memberId of memberIds) draft.removeMember(memberId);
  forgetUnusedRegexes(draft);
  bumpEpoch(draft, true);
  if (group.size > 0) return;
  // Nobody is left to assign to: the group is empty, not waiting for an assignment.
  const value = { assignmentEpoch: group.groupEpoch, assignmentTimestamp: now.wallMs };
  draft.write({ type: 'target-metadata', groupId, value });
}

/** A member has been silent for too long, or has not done in time what it had to: it is out. */
export function consumerExpired(view: GroupView, command: ConsumerTimeoutCommand, now: Instant): GroupDecision {
  const { groupId, memberId, key } = command;
  const reply = { type: 'status', errorCode: ErrorCode.NONE } as const;
  const group = view.consumerGroup(groupId);
  // The deadline may have moved on since its timer went off.
  if (group?.member(memberId) === undefined || !view.isDue(key, now)) return { records: [], reply };
  const draft = new ConsumerGroupDraft(view, now, group);
  removeMembers(draft, [memberId]);
  return draft.decision(reply);
}
