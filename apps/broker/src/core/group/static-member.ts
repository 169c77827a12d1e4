import { ErrorCode } from '@ks/protocol';
import { PARKED, type Ticket } from '../replicated-state.ts';
import { type ClassicGroup, type Member, selectProtocol } from './classic-group.ts';
import type { JoinCommand } from './commands.ts';
import type { GroupDraft } from './group-draft.ts';
import { saidBy } from './membership.ts';
import { joinReplyMembers, rebalance } from './rebalance.ts';
import { type GroupReply, type JoinReply, joinError, syncError } from './replies.ts';

/**
 * A static member comes back without its member id, as after a restart (KIP-345): it takes the place of `predecessor` under a new id.
 * In a stable group whose protocol stays the same, it gets its old assignment back and nobody rebalances.
 */
export function rejoinStatic(
  draft: GroupDraft,
  predecessor: Member,
  command: JoinCommand,
  ticket: Ticket,
): GroupReply | typeof PARKED {
  const { newMemberId } = command;
  const formerLeader = draft.group.leader;
  const wasLeader = formerLeader === predecessor.memberId;
  const member = replace(draft, predecessor, command);
  if (draft.group.state === 'Stable' && selectProtocol(draft.group) === draft.group.protocolName) {
    draft.arm('session', member.sessionTimeoutMs, newMemberId);
    draft.write();
    return staticReply(draft.group, newMemberId, wasLeader, formerLeader ?? '', command.supportsSkipAssignment);
  }
  draft.put({ ...member, waitingJoin: ticket });
  draft.arm('session', member.sessionTimeoutMs, newMemberId);
  rebalance(draft);
  return PARKED;
}

function replace(draft: GroupDraft, predecessor: Member, command: JoinCommand): Member {
  draft.answer(predecessor.waitingJoin, joinError(predecessor.memberId, ErrorCode.FENCED_INSTANCE_ID));
  draft.answer(predecessor.waitingSync, syncError(ErrorCode.FENCED_INSTANCE_ID));
  const awaitedSync = draft.pendingSyncs.has(predecessor.memberId);
  draft.drop(predecessor);
  const member: Member = {
    ...predecessor,
    ...saidBy(command),
    memberId: command.newMemberId,
    waitingJoin: undefined,
    waitingSync: undefined,
  };
  draft.put(member);
  if (awaitedSync) draft.pendingSyncs.add(member.memberId);
  if (draft.group.leader === predecessor.memberId) draft.set({ leader: member.memberId });
  return member;
}

/**
 * Before v9 a returning leader is told that its former id leads: it then takes no part in assigning. From v9 on it may know that it
 * leads, with SkipAssignment (KIP-814).
 */
function staticReply(
  group: ClassicGroup,
  memberId: string,
  wasLeader: boolean,
  formerLeader: string,
  supportsSkipAssignment: boolean,
): JoinReply {
  const knows = wasLeader && supportsSkipAssignment;
  return {
    type: 'join',
    errorCode: ErrorCode.NONE,
    memberId,
    generationId: group.generationId,
    protocolType: group.protocolType,
    protocolName: group.protocolName,
    leader: supportsSkipAssignment ? (group.leader ?? '') : formerLeader,
    skipAssignment: knows,
    members: knows ? joinReplyMembers(group) : [],
  };
}
