import { ErrorCode } from '@ks/protocol';
import {
  type ClassicGroup,
  hasAllMembersJoined,
  type Member,
  metadataOf,
  rebalanceTimeoutMs,
  selectProtocol,
} from './classic-group.ts';
import type { GroupDraft } from './group-draft.ts';
import { type JoinReply, joinError, NO_BYTES, syncError } from './replies.ts';

/** Starts a rebalance unless one is already waiting for joins; then it ends that one if nobody is missing. */
export function rebalance(draft: GroupDraft): void {
  if (draft.group.state === 'PreparingRebalance') completeJoinsIfAllThere(draft);
  else prepareRebalance(draft);
}

/** Asks every member to join again: waiting syncs are turned away, the others learn it from their heartbeat. */
export function prepareRebalance(draft: GroupDraft): void {
  const { state } = draft.group;
  if (state === 'CompletingRebalance') refuseSyncs(draft, ErrorCode.REBALANCE_IN_PROGRESS);
  draft.disarm('sync');
  draft.pendingSyncs.clear();
  draft.moveTo('PreparingRebalance');
  const timeoutMs = rebalanceTimeoutMs(draft.group);
  if (state === 'Empty') {
    const delayMs = Math.min(draft.config.initialRebalanceDelayMs, timeoutMs);
    draft.set({ initialDelay: { remainingMs: Math.max(timeoutMs - delayMs, 0), memberAdded: false } });
    draft.arm('join', delayMs);
    return;
  }
  draft.arm('join', timeoutMs);
  completeJoinsIfAllThere(draft);
}

/** The deadline of the joins has passed. */
export function joinDeadlinePassed(draft: GroupDraft): void {
  const { state, initialDelay } = draft.group;
  if (state !== 'PreparingRebalance') return;
  if (initialDelay?.memberAdded && initialDelay.remainingMs > 0) {
    // KIP-134: while members keep coming, the first rebalance waits on, up to the rebalance time-out.
    const delayMs = Math.min(draft.config.initialRebalanceDelayMs, initialDelay.remainingMs);
    draft.set({ initialDelay: { remainingMs: initialDelay.remainingMs - delayMs, memberAdded: false } });
    draft.arm('join', delayMs);
    return;
  }
  completeJoins(draft);
}

/** Ends the wait for joins where nobody is missing; a first rebalance of an empty group always waits its delay. */
export function completeJoinsIfAllThere(draft: GroupDraft): void {
  const { group } = draft;
  if (group.state !== 'PreparingRebalance') return;
  const emptied = group.members.size === 0 && group.pendingMembers.size === 0;
  if ((group.initialDelay === undefined || emptied) && hasAllMembersJoined(group)) completeJoins(draft);
}

/** Begins the next generation with the members that have joined. */
function completeJoins(draft: GroupDraft): void {
  dropAbsentMembers(draft);
  const joined = [...draft.members.values()].filter((member) => member.waitingJoin !== undefined);
  if (draft.members.size > 0 && joined.length === 0) {
    // Only static members are left and none has come back: there is no one to lead, so it waits on (KIP-345).
    draft.set({ initialDelay: undefined });
    draft.arm('join', rebalanceTimeoutMs(draft.group));
    return;
  }
  draft.disarm('join');
  draft.set({ initialDelay: undefined, generationId: nextGeneration(draft.group.generationId) });
  if (draft.members.size === 0) becomeEmpty(draft);
  else beginGeneration(draft, joined);
}

function dropAbsentMembers(draft: GroupDraft): void {
  for (const member of [...draft.members.values()]) {
    // A static member keeps its place until its session ends.
    if (member.waitingJoin === undefined && member.groupInstanceId === null) draft.drop(member);
  }
}

function nextGeneration(generationId: number): number {
  return generationId >= 0x7fffffff ? 0 : generationId + 1;
}

function becomeEmpty(draft: GroupDraft): void {
  draft.set({ protocolName: null, leader: null });
  draft.moveTo('Empty');
  draft.write();
}

function beginGeneration(draft: GroupDraft, joined: readonly Member[]): void {
  const leader = joined.find((member) => member.memberId === draft.group.leader) ?? joined[0];
  draft.set({ protocolName: selectProtocol(draft.group), leader: leader?.memberId ?? null });
  draft.moveTo('CompletingRebalance');
  for (const member of joined) {
    draft.answer(member.waitingJoin, joinReply(draft.group, member.memberId));
    draft.update(member.memberId, { waitingJoin: undefined, isNew: false });
    draft.arm('session', member.sessionTimeoutMs, member.memberId);
  }
  for (const memberId of draft.members.keys()) draft.pendingSyncs.add(memberId);
  draft.arm('sync', rebalanceTimeoutMs(draft.group));
}

/** The current generation, as the member is to be told. */
export function joinReply(group: ClassicGroup, memberId: string): JoinReply {
  const isLeader = group.leader === memberId;
  return {
    type: 'join',
    errorCode: ErrorCode.NONE,
    memberId,
    generationId: group.generationId,
    protocolType: group.protocolType,
    protocolName: group.protocolName,
    leader: group.leader ?? '',
    skipAssignment: false,
    members: isLeader ? joinReplyMembers(group) : [],
  };
}

/** Every member with its subscription, for the leader to assign by. */
export function joinReplyMembers(group: ClassicGroup): JoinReply['members'] {
  return [...group.members.values()].map((member) => ({
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    metadata: metadataOf(member, group.protocolName),
  }));
}

/** Turns away the syncs that wait for the leader's assignment. */
export function refuseSyncs(draft: GroupDraft, errorCode: number): void {
  for (const member of [...draft.members.values()]) {
    draft.answer(member.waitingSync, syncError(errorCode));
    draft.update(member.memberId, { waitingSync: undefined, assignment: NO_BYTES });
  }
}

/** The deadline of the syncs has passed: who has not asked for its assignment is taken for gone. */
export function syncDeadlinePassed(draft: GroupDraft): void {
  const { group } = draft;
  if (group.state !== 'CompletingRebalance' && group.state !== 'Stable') return;
  const absent = [...draft.pendingSyncs].flatMap((memberId) => draft.members.get(memberId) ?? []);
  if (absent.length === 0) return;
  for (const member of absent) draft.drop(member);
  prepareRebalance(draft);
}

/** Takes a member out for good, answering what it waits for, and has the others rebalance. */
export function removeMember(draft: GroupDraft, member: Member): void {
  draft.answer(member.waitingJoin, joinError(member.memberId, ErrorCode.UNKNOWN_MEMBER_ID));
  draft.answer(member.waitingSync, syncError(ErrorCode.UNKNOWN_MEMBER_ID));
  draft.drop(member);
}
