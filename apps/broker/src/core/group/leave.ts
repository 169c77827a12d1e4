import { ErrorCode } from '@ks/protocol';
import { memberOfInstance } from './classic-group.ts';
import type { LeaveCommand } from './commands.ts';
import type { GroupDraft } from './group-draft.ts';
import { memberFault } from './membership.ts';
import { completeJoinsIfAllThere, rebalance, removeMember } from './rebalance.ts';
import type { LeaveReply } from './replies.ts';

type LeavingMember = LeaveCommand['members'][number];

/** Members go, several at once from v3 on; static ones may be named by their instance id alone (as an admin does, KIP-345). */
export function leave(draft: GroupDraft, command: LeaveCommand): LeaveReply {
  const before = draft.members.size;
  const members = command.members.map((member) => ({ ...member, errorCode: leaveOne(draft, member) }));
  if (draft.members.size < before) rebalance(draft);
  else completeJoinsIfAllThere(draft);
  return { type: 'leave', errorCode: ErrorCode.NONE, members };
}

function leaveOne(draft: GroupDraft, leaving: LeavingMember): number {
  const { memberId, groupInstanceId } = leaving;
  if (memberId !== '' && draft.pendingMembers.delete(memberId)) {
    draft.disarm('pending', memberId);
    return ErrorCode.NONE;
  }
  const id =
    memberId === '' && groupInstanceId !== null ? memberOfInstance(draft.group, groupInstanceId)?.memberId : memberId;
  if (id === undefined) return ErrorCode.UNKNOWN_MEMBER_ID;
  const errorCode = memberFault(draft.group, id, groupInstanceId);
  const member = draft.members.get(id);
  if (errorCode !== ErrorCode.NONE || member === undefined) return errorCode;
  removeMember(draft, member);
  return ErrorCode.NONE;
}

/** Nobody could be taken out of a group that is not there. */
export function leaveAbsentGroup(command: LeaveCommand): LeaveReply {
  const members = command.members.map((member) => ({ ...member, errorCode: ErrorCode.UNKNOWN_MEMBER_ID }));
  return { type: 'leave', errorCode: ErrorCode.NONE, members };
}

/** A member's session has ended: it goes, unless it waits for the others itself. */
export function sessionExpired(draft: GroupDraft, memberId: string): void {
  const member = draft.members.get(memberId);
  if (member === undefined) return;
  const waits = member.waitingJoin !== undefined || member.waitingSync !== undefined;
  if (waits && !member.isNew) {
    draft.arm('session', member.sessionTimeoutMs, memberId);
    return;
  }
  removeMember(draft, member);
  rebalance(draft);
}

/** The owner of a handed-out member id has not come back. */
export function pendingExpired(draft: GroupDraft, memberId: string): void {
  if (draft.pendingMembers.delete(memberId)) completeJoinsIfAllThere(draft);
}
