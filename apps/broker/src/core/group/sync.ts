import { ErrorCode } from '@ks/protocol';
import { PARKED, type Ticket } from '../replicated-state.ts';
import type { ClassicGroup, Member } from './classic-group.ts';
import type { SyncCommand } from './commands.ts';
import type { GroupDraft } from './group-draft.ts';
import { generationFault } from './membership.ts';
import { prepareRebalance, refuseSyncs } from './rebalance.ts';
import { type GroupReply, NO_BYTES, type SyncReply, syncError } from './replies.ts';

/** The leader's assignment, once it is durable or has failed to become so. */
export interface AssignmentOutcome {
  readonly type: 'assigned' | 'assignment-failed';
  readonly groupId: string;
  readonly generationId: number;
  readonly assignments: ReadonlyMap<string, Uint8Array>;
}

/** A member asks for its assignment; the leader brings everyone's along. */
export function sync(
  draft: GroupDraft,
  command: SyncCommand,
  ticket: Ticket,
): { readonly reply: GroupReply | typeof PARKED; readonly assignments?: ReadonlyMap<string, Uint8Array> } {
  const errorCode = syncFault(draft.group, command);
  if (errorCode !== ErrorCode.NONE) return { reply: syncError(errorCode) };
  const { memberId } = command;
  const member = draft.members.get(memberId);
  if (member === undefined) return { reply: syncError(ErrorCode.UNKNOWN_MEMBER_ID) };
  draft.pendingSyncs.delete(memberId);
  if (draft.pendingSyncs.size === 0) draft.disarm('sync');
  draft.arm('session', member.sessionTimeoutMs, memberId);
  if (draft.group.state === 'Stable') return { reply: syncReply(draft.group, member) };
  // A sync sent again: the client has given up the one before.
  draft.answer(member.waitingSync, syncError(ErrorCode.REBALANCE_IN_PROGRESS));
  draft.update(memberId, { waitingSync: ticket });
  if (draft.group.leader !== memberId) return { reply: PARKED };
  const assignments = new Map(command.assignments.map((each) => [each.memberId, each.assignment]));
  draft.write((each) => assignments.get(each.memberId) ?? NO_BYTES);
  return { reply: PARKED, assignments };
}

function syncFault(group: ClassicGroup, command: SyncCommand): number {
  const errorCode = generationFault(group, command);
  if (errorCode !== ErrorCode.NONE) return errorCode;
  const { protocolType, protocolName } = command;
  if (protocolType !== null && protocolType !== group.protocolType) return ErrorCode.INCONSISTENT_GROUP_PROTOCOL;
  if (protocolName !== null && group.protocolName !== null && protocolName !== group.protocolName) {
    return ErrorCode.INCONSISTENT_GROUP_PROTOCOL;
  }
  switch (group.state) {
    case 'PreparingRebalance':
      return ErrorCode.REBALANCE_IN_PROGRESS;
    case 'Empty':
    case 'Dead':
      return ErrorCode.UNKNOWN_MEMBER_ID;
    default:
      return ErrorCode.NONE;
  }
}

function syncReply(group: ClassicGroup, member: Member): SyncReply {
  const { protocolType, protocolName } = group;
  return { type: 'sync', errorCode: ErrorCode.NONE, protocolType, protocolName, assignment: member.assignment };
}

/** The assignment is durable: everyone who waits for it gets it. Void if the group has moved on meanwhile. */
export function assigned(draft: GroupDraft, outcome: AssignmentOutcome): void {
  if (!isCurrent(draft.group, outcome)) return;
  for (const member of [...draft.members.values()]) {
    const assignment = outcome.assignments.get(member.memberId) ?? NO_BYTES;
    const next = { ...member, assignment, waitingSync: undefined };
    draft.put(next);
    if (member.waitingSync === undefined) continue;
    draft.answer(member.waitingSync, syncReply(draft.group, next));
    draft.arm('session', member.sessionTimeoutMs, member.memberId);
  }
  draft.moveTo('Stable');
}

/** The assignment could not be made durable in time: everyone rebalances again. */
export function assignmentFailed(draft: GroupDraft, outcome: AssignmentOutcome): void {
  if (!isCurrent(draft.group, outcome)) return;
  refuseSyncs(draft, ErrorCode.REBALANCE_IN_PROGRESS);
  prepareRebalance(draft);
}

function isCurrent(group: ClassicGroup, outcome: AssignmentOutcome): boolean {
  return group.state === 'CompletingRebalance' && group.generationId === outcome.generationId;
}
