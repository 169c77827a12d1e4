import { ErrorCode } from '@ks/protocol';
import type { Instant } from '../../ports/clock.ts';
import type { ConsumerHeartbeatCommand } from './commands.ts';
import type { ConsumerGroupDraft } from './consumer-draft.ts';
import { groupFull, openConsumerGroup } from './consumer-group-open.ts';
import { heartbeatFault } from './consumer-heartbeat-fault.ts';
import { leaveConsumerGroup } from './consumer-leave.ts';
import { type ConsumerMember, JOIN_EPOCH, newMember, STATIC_LEAVE_EPOCH } from './consumer-member.ts';
import { reconcileMember } from './consumer-reconcile.ts';
import { instanceFault, replaceStaticMember } from './consumer-static-member.ts';
import { type Fault, fault, isFault } from './fault.ts';
import type { GroupDecision, GroupView } from './group-shard.ts';
import { consumerHeartbeatError, type ConsumerHeartbeatReply } from './replies.ts';
import { noteSubscription } from './consumer-subscription.ts';
import { updateTarget } from './target-assignment.ts';
import { containsAll, samePartitions } from './topic-partitions.ts';

/** ConsumerGroupHeartbeat (KIP-848): a member joins, says what it has, learns what it is to have, or leaves. */
export function consumerHeartbeat(view: GroupView, command: ConsumerHeartbeatCommand, now: Instant): GroupDecision {
  const invalid = heartbeatFault(command, view.config.consumer);
  if (invalid !== undefined) return refuse(invalid);
  if (command.memberEpoch < JOIN_EPOCH) {
    const left = leaveConsumerGroup(view, command, now);
    return isFault(left) ? refuse(left) : left;
  }
  const draft = openConsumerGroup(view, command.groupId, now, command.memberEpoch === JOIN_EPOCH);
  if (isFault(draft)) return refuse(draft);
  const reply = beat(draft, command);
  return isFault(reply) ? refuse(reply) : draft.decision(reply);
}

function refuse({ errorCode, message }: Fault): GroupDecision {
  return { records: [], reply: consumerHeartbeatError(errorCode, message) };
}

function beat(draft: ConsumerGroupDraft, command: ConsumerHeartbeatCommand): ConsumerHeartbeatReply | Fault {
  const { groupId, memberId } = command;
  const full = groupFull(draft, memberId, command.instanceId);
  if (full !== undefined) return full;
  const member = command.instanceId === null ? dynamicMember(draft, command) : staticMember(draft, command);
  if (isFault(member)) return member;
  const said = noteSubscription(draft, member, saidBy(command, member), command.mayDescribe);
  if (said !== undefined) return said;
  updateTarget(draft);
  const owned = command.topicPartitions ?? undefined;
  const updated = reconcileMember(draft, memberId, owned);
  if (isFault(updated)) return updated;
  const { sessionTimeoutMs, heartbeatIntervalMs } = draft.view.consumerPeriods(groupId);
  draft.arm('consumer-session', sessionTimeoutMs, memberId);
  if (member.classic !== null) {
    // It has changed its protocol: it will neither join nor sync any more.
    draft.disarm('consumer-join', memberId);
    draft.disarm('consumer-sync', memberId);
  }
  const { memberEpoch, assigned } = updated;
  const isTold = isFullRequest(command) || !samePartitions(member.assigned, assigned);
  return {
    type: 'consumer-heartbeat',
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    memberId,
    memberEpoch,
    heartbeatIntervalMs,
    assignment: isTold ? assigned : null,
  };
}

/** A member that says all it can say wants to hear all: it may have lost an answer. */
function isFullRequest(command: ConsumerHeartbeatCommand): boolean {
  const { memberEpoch, rebalanceTimeoutMs, subscribedTopicNames, subscribedTopicRegex, topicPartitions } = command;
  if (memberEpoch === JOIN_EPOCH) return true;
  const subscribes = subscribedTopicNames !== null || subscribedTopicRegex !== null;
  return rebalanceTimeoutMs !== -1 && subscribes && topicPartitions !== null;
}

function dynamicMember(draft: ConsumerGroupDraft, command: ConsumerHeartbeatCommand): ConsumerMember | Fault {
  const { memberId, memberEpoch } = command;
  const member = draft.group.member(memberId);
  if (member === undefined) {
    if (memberEpoch === JOIN_EPOCH) return newMember(memberId);
    return fault(ErrorCode.UNKNOWN_MEMBER_ID, `Member ${memberId} is not in group ${draft.groupId}`);
  }
  return epochFault(member, command) ?? member;
}

function staticMember(draft: ConsumerGroupDraft, command: ConsumerHeartbeatCommand): ConsumerMember | Fault {
  const { memberId, memberEpoch } = command;
  const instanceId = command.instanceId ?? '';
  const member = draft.group.staticMember(instanceId);
  if (memberEpoch === JOIN_EPOCH) {
    if (member === undefined) return draft.group.member(memberId) ?? newMember(memberId);
    // A member of the classic protocol may be replaced at once: it moves to this protocol.
    if (member.classic === null && member.memberEpoch !== STATIC_LEAVE_EPOCH) {
      return fault(ErrorCode.UNRELEASED_INSTANCE_ID, `Instance id ${instanceId} belongs to member ${member.memberId}`);
    }
    return replaceStaticMember(draft, member, memberId);
  }
  const wrong = instanceFault(member, instanceId, memberId);
  // Whoever has no fault is there.
  return wrong ?? epochFault(member as ConsumerMember, command) ?? (member as ConsumerMember);
}

/**
 * Why a member's epoch is not right; undefined if it is. One that comes with its former epoch and nothing that it is not to have has
 * only missed the last answer.
 */
function epochFault(member: ConsumerMember, command: ConsumerHeartbeatCommand): Fault | undefined {
  const { memberEpoch, topicPartitions } = command;
  if (memberEpoch === JOIN_EPOCH || memberEpoch === member.memberEpoch) return undefined;
  const missedAnswer =
    memberEpoch === member.previousMemberEpoch &&
    topicPartitions !== null &&
    memberEpoch < member.memberEpoch &&
    containsAll(member.assigned, topicPartitions);
  if (missedAnswer) return undefined;
  return fault(
    ErrorCode.FENCED_MEMBER_EPOCH,
    `The member is at epoch ${member.memberEpoch}, not ${memberEpoch}: it must give up its partitions and join again`,
  );
}

/** The member with what it says now; what it does not say stays. */
function saidBy(command: ConsumerHeartbeatCommand, member: ConsumerMember): ConsumerMember {
  const { subscribedTopicNames, rebalanceTimeoutMs } = command;
  return {
    ...member,
    instanceId: command.instanceId ?? member.instanceId,
    rackId: command.rackId ?? member.rackId,
    clientId: command.clientId,
    clientHost: command.clientHost,
    rebalanceTimeoutMs: rebalanceTimeoutMs === -1 ? member.rebalanceTimeoutMs : rebalanceTimeoutMs,
    subscribedTopicNames:
      subscribedTopicNames === null ? member.subscribedTopicNames : [...new Set(subscribedTopicNames)].sort(),
    subscribedTopicRegex: command.subscribedTopicRegex ?? member.subscribedTopicRegex,
    serverAssignor: command.serverAssignor ?? member.serverAssignor,
    classic: null,
  };
}
