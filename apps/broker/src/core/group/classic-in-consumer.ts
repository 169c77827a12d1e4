import { ErrorCode } from '@ks/protocol';
import type { Instant } from '../../ports/clock.ts';
import type { HeartbeatCommand, LeaveCommand, SyncCommand } from './commands.ts';
import { ConsumerGroupDraft } from './consumer-draft.ts';
import type { ConsumerGroup } from './consumer-group.ts';
import { removeMembers } from './consumer-leave.ts';
import type { ClassicMemberMetadata, ConsumerMember } from './consumer-member.ts';
import { assignmentBytes, CONSUMER_PROTOCOL_TYPE, preferredSubscription } from './consumer-protocol.ts';
import type { GroupDecision, GroupView } from './group-shard.ts';
import { type LeaveReply, syncError } from './replies.ts';

type ClassicConsumerMember = ConsumerMember & { readonly classic: ClassicMemberMetadata };

/** Heartbeat of a member that speaks the classic protocol: it is to join again where there is more to do. */
export function classicHeartbeat(
  view: GroupView,
  group: ConsumerGroup,
  command: HeartbeatCommand,
  now: Instant,
): GroupDecision {
  const member = classicMember(group, command);
  if (typeof member === 'number') return { records: [], reply: { type: 'status', errorCode: member } };
  const { memberId, classic, rebalanceTimeoutMs } = member;
  const draft = new ConsumerGroupDraft(view, now, group);
  draft.arm('consumer-session', classic.sessionTimeoutMs, memberId);
  const mustJoin = mustJoinAgain(group, member);
  if (mustJoin) armUnlessArmed(draft, memberId, rebalanceTimeoutMs);
  const errorCode = mustJoin ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE;
  return draft.decision({ type: 'status', errorCode });
}

function mustJoinAgain(group: ConsumerGroup, member: ConsumerMember): boolean {
  if (member.memberEpoch < group.assignmentEpoch || member.state === 'unrevoked-partitions') return true;
  return member.state === 'unreleased-partitions' && !waitsForOthers(group, member);
}

/** Whether others still have some of what the member is to get. */
function waitsForOthers(group: ConsumerGroup, member: ConsumerMember): boolean {
  for (const [topicId, partitions] of group.target(member.memberId)) {
    for (const partition of partitions) {
      const isMissing = member.assigned.get(topicId)?.has(partition) !== true;
      if (isMissing && group.owner(topicId, partition) !== undefined) return true;
    }
  }
  return false;
}

function armUnlessArmed(draft: ConsumerGroupDraft, memberId: string, rebalanceTimeoutMs: number): void {
  if (!draft.view.isArmed('consumer-join', draft.groupId, memberId)) {
    draft.arm('consumer-join', rebalanceTimeoutMs, memberId);
  }
}

/** SyncGroup of a member that speaks the classic protocol: what it has, in the bytes that it can read. */
export function classicSync(view: GroupView, group: ConsumerGroup, command: SyncCommand, now: Instant): GroupDecision {
  const member = classicMember(group, command);
  if (typeof member === 'number') return { records: [], reply: syncError(member) };
  const { memberId, classic } = member;
  const protocolName = classic.protocols[0]?.name ?? '';
  const isOther =
    (command.protocolType !== null && command.protocolType !== CONSUMER_PROTOCOL_TYPE) ||
    (command.protocolName !== null && command.protocolName !== protocolName);
  if (isOther) return { records: [], reply: syncError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL) };
  const draft = new ConsumerGroupDraft(view, now, group);
  if (group.assignmentEpoch > member.memberEpoch && member.state !== 'unrevoked-partitions') {
    armUnlessArmed(draft, memberId, member.rebalanceTimeoutMs);
    return draft.decision(syncError(ErrorCode.REBALANCE_IN_PROGRESS));
  }
  draft.disarm('consumer-sync', memberId);
  draft.arm('consumer-session', classic.sessionTimeoutMs, memberId);
  const version = preferredSubscription(classic.protocols)?.version ?? 0;
  const assignment = assignmentBytes(member.assigned, view.image(), version);
  const protocolType = CONSUMER_PROTOCOL_TYPE;
  return draft.decision({ type: 'sync', errorCode: ErrorCode.NONE, protocolType, protocolName, assignment });
}

/** LeaveGroup: members of either protocol, static ones by their instance id alone where an admin asks. */
export function classicLeave(
  view: GroupView,
  group: ConsumerGroup,
  command: LeaveCommand,
  now: Instant,
): GroupDecision {
  const leaving = new Set<string>();
  const members = command.members.map((each) => {
    const { memberId, groupInstanceId } = each;
    const member = groupInstanceId === null ? group.member(memberId) : group.staticMember(groupInstanceId);
    if (member === undefined) return { ...each, errorCode: ErrorCode.UNKNOWN_MEMBER_ID };
    const isFenced = groupInstanceId !== null && memberId !== '' && memberId !== member.memberId;
    if (isFenced) return { ...each, errorCode: ErrorCode.FENCED_INSTANCE_ID };
    leaving.add(member.memberId);
    return { ...each, errorCode: ErrorCode.NONE };
  });
  const reply: LeaveReply = { type: 'leave', errorCode: ErrorCode.NONE, members };
  return removeMembers(view, group, [...leaving], now, reply);
}

/** The member that asks in its generation, or why it may not. */
function classicMember(
  group: ConsumerGroup,
  asked: { readonly memberId: string; readonly groupInstanceId: string | null; readonly generationId: number },
): ClassicConsumerMember | number {
  const { memberId, groupInstanceId, generationId } = asked;
  const member = groupInstanceId === null ? group.member(memberId) : group.staticMember(groupInstanceId);
  if (member === undefined) return ErrorCode.UNKNOWN_MEMBER_ID;
  if (member.memberId !== memberId) return ErrorCode.FENCED_INSTANCE_ID;
  const { classic } = member;
  if (classic === null) return ErrorCode.UNKNOWN_MEMBER_ID;
  return generationId === member.memberEpoch ? { ...member, classic } : ErrorCode.ILLEGAL_GENERATION;
}
