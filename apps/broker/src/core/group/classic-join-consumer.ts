import { ErrorCode } from '@ks/protocol';
import type { Instant } from '../../ports/clock.ts';
import { sameProtocols } from './classic-group.ts';
import type { JoinCommand } from './commands.ts';
import { ConsumerGroupDraft } from './consumer-draft.ts';
import type { ConsumerGroup } from './consumer-group.ts';
import { groupFull } from './consumer-group-open.ts';
import { type ConsumerMember, newMember } from './consumer-member.ts';
import {
  CONSUMER_PROTOCOL_TYPE,
  ownedPartitionsOf,
  preferredSubscription,
  type Subscription,
} from './consumer-protocol.ts';
import { reconcileMember } from './consumer-reconcile.ts';
import { replaceStaticMember } from './consumer-static-member.ts';
import { noteSubscription } from './consumer-subscription.ts';
import { downgradeToClassic, mayDowngrade } from './downgrade.ts';
import { isFault } from './fault.ts';
import type { GroupDecision, GroupView } from './group-shard.ts';
import { joinError, type JoinReply } from './replies.ts';
import { updateTarget } from './target-assignment.ts';

/**
 * JoinGroup of a client that speaks the classic protocol, in a consumer group with members (KIP-848): it is answered at once, follows
 * nobody's assignment but the coordinator's, and learns it by SyncGroup.
 */
export function joinConsumerGroup(
  view: GroupView,
  group: ConsumerGroup,
  command: JoinCommand,
  now: Instant,
): GroupDecision {
  const { memberId, groupInstanceId, newMemberId } = command;
  const refuse = (errorCode: number): GroupDecision => ({ records: [], reply: joinError(memberId, errorCode) });
  const draft = new ConsumerGroupDraft(view, now, group);
  const subscription = preferredSubscription(command.protocols);
  if (view.config.consumer.migrationPolicy === 'disabled' || !isCompatible(group, command) || !subscription) {
    return refuse(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
  }
  const full = groupFull(draft, memberId, groupInstanceId);
  if (full !== undefined) return refuse(full.errorCode);
  if (memberId === '' && groupInstanceId === null && command.requireKnownMemberId) {
    return { records: [], reply: joinError(newMemberId, ErrorCode.MEMBER_ID_REQUIRED) };
  }
  const member = joiningMember(draft, command);
  if (typeof member === 'number') return refuse(member);
  return join(draft, group, member, command, subscription);
}

/** Whether the client speaks a protocol that all members of the classic protocol speak. */
function isCompatible(group: ConsumerGroup, { protocolType, protocols }: JoinCommand): boolean {
  if (protocolType !== CONSUMER_PROTOCOL_TYPE || protocols.length === 0) return false;
  const others = [...group.members()].flatMap(({ classic }) => (classic === null ? [] : [classic.protocols]));
  return protocols.some(({ name }) => others.every((each) => each.some((protocol) => protocol.name === name)));
}

/** The member as it is before it says anything new, or why it may not join. */
function joiningMember(draft: ConsumerGroupDraft, command: JoinCommand): ConsumerMember | number {
  const { memberId, groupInstanceId, newMemberId } = command;
  const { group } = draft;
  if (groupInstanceId === null) {
    // The first join of a client that was given its id a moment ago: nothing is known of it yet.
    return group.member(memberId) ?? newMember(memberId === '' ? newMemberId : memberId);
  }
  const owner = group.staticMember(groupInstanceId);
  if (memberId === '')
    return owner === undefined ? newMember(newMemberId) : replaceStaticMember(draft, owner, newMemberId);
  if (owner === undefined) return ErrorCode.UNKNOWN_MEMBER_ID;
  return owner.memberId === memberId ? owner : ErrorCode.FENCED_INSTANCE_ID;
}

function join(
  draft: ConsumerGroupDraft,
  before: ConsumerGroup,
  member: ConsumerMember,
  command: JoinCommand,
  subscription: Subscription,
): GroupDecision {
  const { group, view } = draft;
  const { memberId } = member;
  const fault = noteSubscription(draft, member, saidBy(command, member, subscription), undefined);
  const isLastToChange = mayDowngrade(view, group);
  updateTarget(draft, isLastToChange);
  const updated = fault ?? reconcileMember(draft, memberId, ownedPartitionsOf(subscription, view.image()));
  if (isFault(updated)) return { records: [], reply: joinError(memberId, updated.errorCode) };
  const reply = joined(updated, command);
  if (isLastToChange) {
    const isSettled = [...group.members()].every((each) => group.isReconciled(each));
    return downgradeToClassic(draft, before, reply, isSettled);
  }
  draft.disarm('consumer-join', memberId);
  draft.arm('consumer-session', command.sessionTimeoutMs, memberId);
  draft.arm('consumer-sync', command.rebalanceTimeoutMs, memberId);
  return draft.decision(reply);
}

/** Nobody leads: the coordinator assigns. */
function joined({ memberId, memberEpoch }: ConsumerMember, command: JoinCommand): JoinReply {
  return {
    type: 'join',
    errorCode: ErrorCode.NONE,
    memberId,
    generationId: memberEpoch,
    protocolType: CONSUMER_PROTOCOL_TYPE,
    protocolName: command.protocols[0]?.name ?? '',
    leader: '',
    skipAssignment: false,
    members: [],
  };
}

function saidBy(command: JoinCommand, member: ConsumerMember, subscription: Subscription): ConsumerMember {
  const { clientId, clientHost, rebalanceTimeoutMs, sessionTimeoutMs, protocols, groupInstanceId } = command;
  const { classic } = member;
  const isSame = classic?.sessionTimeoutMs === sessionTimeoutMs && sameProtocols(classic.protocols, protocols);
  return {
    ...member,
    instanceId: groupInstanceId ?? member.instanceId,
    rackId: subscription.rackId ?? member.rackId,
    clientId,
    clientHost,
    rebalanceTimeoutMs,
    subscribedTopicNames: [...new Set(subscription.topics)].sort(),
    subscribedTopicRegex: '',
    classic: isSame ? classic : { sessionTimeoutMs, protocols },
  };
}
