import { ErrorCode } from '@ks/protocol';
import { PARKED, type Ticket } from '../replicated-state.ts';
import {
  type ClassicGroup,
  type Member,
  memberOfInstance,
  metadataBytesOf,
  sameProtocols,
  supportsProtocols,
} from './classic-group.ts';
import type { JoinCommand } from './commands.ts';
import type { GroupConfig } from './group-config.ts';
import { NEW_MEMBER_JOIN_TIMEOUT_MS } from './group-config.ts';
import type { GroupDraft } from './group-draft.ts';
import { memberFault, saidBy } from './membership.ts';
import { completeJoinsIfAllThere, joinReply, prepareRebalance, rebalance, removeMember } from './rebalance.ts';
import { type GroupReply, joinError, NO_BYTES, syncError } from './replies.ts';
import { rejoinStatic } from './static-member.ts';

/** The error that a join has whatever the group is like, NONE if none. */
export function joinFault(command: JoinCommand, config: GroupConfig): number {
  if (command.groupId === '') return ErrorCode.INVALID_GROUP_ID;
  const { sessionTimeoutMs } = command;
  if (sessionTimeoutMs < config.minSessionTimeoutMs || sessionTimeoutMs > config.maxSessionTimeoutMs) {
    return ErrorCode.INVALID_SESSION_TIMEOUT;
  }
  if (metadataBytesOf(command.protocols) > config.memberMetadataMaxBytes) return ErrorCode.INVALID_REQUEST;
  return ErrorCode.NONE;
}

/** A join to a group that is there. */
export function join(draft: GroupDraft, command: JoinCommand, ticket: Ticket): GroupReply | typeof PARKED {
  const { group, config } = draft;
  const { memberId } = command;
  if (!supportsProtocols(group, command.protocolType, command.protocols, memberId)) {
    return joinError(memberId, ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
  }
  if (!hasRoom(group, memberId, config.maxSize) || !fitsMemory(group, command, config)) {
    const member = draft.members.get(memberId);
    if (member !== undefined) removeMember(draft, member);
    completeJoinsIfAllThere(draft);
    return joinError(memberId, ErrorCode.GROUP_MAX_SIZE_REACHED);
  }
  return memberId === '' ? firstJoin(draft, command, ticket) : rejoin(draft, command, ticket);
}

/** Whether the group may have this member (again): in a rebalance only those that are back count. */
function hasRoom(group: ClassicGroup, memberId: string, maxSize: number): boolean {
  const member = group.members.get(memberId);
  if (group.state === 'PreparingRebalance') {
    if (member?.waitingJoin !== undefined) return true;
    let waiting = 0;
    for (const each of group.members.values()) if (each.waitingJoin !== undefined) waiting++;
    return waiting < maxSize;
  }
  return group.state === 'Empty' || member !== undefined || group.members.size < maxSize;
}

function fitsMemory(group: ClassicGroup, command: JoinCommand, config: GroupConfig): boolean {
  const before = metadataBytesOf(group.members.get(command.memberId)?.protocols ?? []);
  return group.metadataBytes - before + metadataBytesOf(command.protocols) <= config.groupMetadataMaxBytes;
}

function firstJoin(draft: GroupDraft, command: JoinCommand, ticket: Ticket): GroupReply | typeof PARKED {
  const { groupInstanceId, newMemberId } = command;
  if (groupInstanceId !== null) {
    const predecessor = memberOfInstance(draft.group, groupInstanceId);
    return predecessor === undefined
      ? addMember(draft, newMemberId, command, ticket)
      : rejoinStatic(draft, predecessor, command, ticket);
  }
  if (!command.requireKnownMemberId) return addMember(draft, newMemberId, command, ticket);
  // KIP-394: without this, a client that loses the answer to its first join leaves a ghost member behind.
  if (draft.pendingMembers.size >= draft.config.pendingMembersMax) {
    return joinError('', ErrorCode.GROUP_MAX_SIZE_REACHED);
  }
  draft.pendingMembers.add(newMemberId);
  draft.arm('pending', command.sessionTimeoutMs, newMemberId);
  return joinError(newMemberId, ErrorCode.MEMBER_ID_REQUIRED);
}

function rejoin(draft: GroupDraft, command: JoinCommand, ticket: Ticket): GroupReply | typeof PARKED {
  const { memberId, groupInstanceId } = command;
  if (draft.pendingMembers.has(memberId) && groupInstanceId === null) {
    draft.pendingMembers.delete(memberId);
    draft.disarm('pending', memberId);
    return addMember(draft, memberId, command, ticket);
  }
  const errorCode = memberFault(draft.group, memberId, groupInstanceId);
  if (errorCode !== ErrorCode.NONE) return joinError(memberId, errorCode);
  const member = draft.members.get(memberId);
  if (member === undefined) return joinError(memberId, ErrorCode.UNKNOWN_MEMBER_ID);
  if (!mustRebalance(draft.group, member, command)) {
    draft.arm('session', member.sessionTimeoutMs, memberId);
    return joinReply(draft.group, memberId);
  }
  updateMember(draft, member, command, ticket);
  rebalance(draft);
  return PARKED;
}

/** Whether a known member's join asks for a new generation, or only for the answer that it missed. */
function mustRebalance(group: ClassicGroup, member: Member, command: JoinCommand): boolean {
  switch (group.state) {
    case 'CompletingRebalance':
      return !sameProtocols(member.protocols, command.protocols);
    case 'Stable':
      // A leader joins again when what it assigns from has changed, such as a topic's partitions.
      return group.leader === member.memberId || !sameProtocols(member.protocols, command.protocols);
    default:
      return true;
  }
}

function addMember(draft: GroupDraft, memberId: string, command: JoinCommand, ticket: Ticket): typeof PARKED {
  draft.put({
    memberId,
    groupInstanceId: command.groupInstanceId,
    clientId: command.clientId,
    clientHost: command.clientHost,
    sessionTimeoutMs: command.sessionTimeoutMs,
    rebalanceTimeoutMs: command.rebalanceTimeoutMs,
    protocols: command.protocols,
    assignment: NO_BYTES,
    isNew: true,
    waitingJoin: ticket,
    waitingSync: undefined,
  });
  draft.set({ protocolType: command.protocolType });
  const { initialDelay, state } = draft.group;
  if (initialDelay !== undefined) draft.set({ initialDelay: { ...initialDelay, memberAdded: true } });
  // A new member's client cannot heartbeat before its first join is answered.
  draft.arm('session', NEW_MEMBER_JOIN_TIMEOUT_MS, memberId);
  if (state === 'PreparingRebalance') completeJoinsIfAllThere(draft);
  else prepareRebalance(draft);
  return PARKED;
}

/** Notes what a member says anew and that it waits for the next generation. An older join of it is answered: its client has given up. */
function updateMember(draft: GroupDraft, member: Member, command: JoinCommand, ticket: Ticket): void {
  draft.answer(member.waitingJoin, joinError(member.memberId, ErrorCode.REBALANCE_IN_PROGRESS));
  draft.answer(member.waitingSync, syncError(ErrorCode.REBALANCE_IN_PROGRESS));
  draft.put({ ...member, ...saidBy(command), waitingJoin: ticket, waitingSync: undefined });
}
