import type { Ticket } from '../replicated-state.ts';
import type { MemberProtocol } from './commands.ts';
import type { DurableGroup, DurableMember } from './records.ts';
import { NO_BYTES } from './replies.ts';

/** Kafka's names, as DescribeGroups and ListGroups show them. */
export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead';

/** A member of a classic group. */
export interface Member {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly protocols: readonly MemberProtocol[];
  readonly assignment: Uint8Array;
  /** It has not been through a whole rebalance yet, so its client cannot heartbeat while its first join waits. */
  readonly isNew: boolean;
  readonly waitingJoin: Ticket | undefined;
  readonly waitingSync: Ticket | undefined;
}

/**
 * A classic consumer group as it is in memory: its last durable generation plus the rebalance under way, which a failover forgets (members
 * then join anew). Immutable; `GroupDraft` makes the next one.
 */
export interface ClassicGroup {
  readonly groupId: string;
  readonly state: GroupState;
  readonly generationId: number;
  /** Null for a group that only holds offsets of consumers that manage themselves. */
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly leader: string | null;
  readonly members: ReadonlyMap<string, Member>;
  /** Ids handed out with MEMBER_ID_REQUIRED whose owner has not come back yet. */
  readonly pendingMembers: ReadonlySet<string>;
  /** Members that have got their generation and not asked for their assignment yet. */
  readonly pendingSyncs: ReadonlySet<string>;
  /** Set while the rebalance began in an empty group (group.initial.rebalance.delay.ms): how much longer it may be put off. */
  readonly initialDelay: { readonly remainingMs: number; readonly memberAdded: boolean } | undefined;
  /** Wall time of the last change of state, -1 where unknown. */
  readonly currentStateTimestamp: number;
  /** Bytes of subscriptions kept. */
  readonly metadataBytes: number;
}

/** A group as a first join or a first commit finds it. */
export function emptyGroup(groupId: string): ClassicGroup {
  return {
    groupId,
    state: 'Empty',
    generationId: 0,
    protocolType: null,
    protocolName: null,
    leader: null,
    members: new Map(),
    pendingMembers: new Set(),
    pendingSyncs: new Set(),
    initialDelay: undefined,
    currentStateTimestamp: -1,
    metadataBytes: 0,
  };
}

/** The group that a new coordinator starts with: as it was when it was last written. */
export function restoredGroup(groupId: string, durable: DurableGroup): ClassicGroup {
  const members = new Map(durable.members.map((member) => [member.memberId, restoredMember(member, durable)]));
  return {
    ...emptyGroup(groupId),
    state: restoredState(durable),
    generationId: durable.generationId,
    protocolType: durable.protocolType,
    protocolName: durable.protocolName,
    leader: durable.leader,
    members,
    currentStateTimestamp: durable.currentStateTimestamp,
    metadataBytes: [...members.values()].reduce((sum, member) => sum + metadataBytesOf(member.protocols), 0),
  };
}

/** Nobody leads a group that was a consumer group a moment ago: the rebalance that makes it whole may not have come to its end. */
function restoredState({ members, leader }: DurableGroup): ClassicGroup['state'] {
  if (members.length === 0) return 'Empty';
  return leader === null ? 'PreparingRebalance' : 'Stable';
}

function restoredMember(member: DurableMember, group: DurableGroup): Member {
  return {
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    sessionTimeoutMs: member.sessionTimeoutMs,
    rebalanceTimeoutMs: member.rebalanceTimeoutMs,
    // Only the chosen protocol is written; the member tells the others when it joins again.
    protocols: group.protocolName === null ? [] : [{ name: group.protocolName, metadata: member.subscription }],
    assignment: member.assignment,
    isNew: false,
    waitingJoin: undefined,
    waitingSync: undefined,
  };
}

/** The group as the log keeps it, with the given assignments (a member without one gets none). */
export function durableGroup(
  group: ClassicGroup,
  assignmentOf: (member: Member) => Uint8Array,
  currentStateTimestamp: number,
): DurableGroup {
  return {
    protocolType: group.protocolType ?? '',
    generationId: group.generationId,
    protocolName: group.protocolName,
    leader: group.leader,
    currentStateTimestamp,
    members: [...group.members.values()].map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      rebalanceTimeoutMs: member.rebalanceTimeoutMs,
      sessionTimeoutMs: member.sessionTimeoutMs,
      subscription: metadataOf(member, group.protocolName),
      assignment: assignmentOf(member),
    })),
  };
}

/** The member's subscription in a protocol, empty where it has none. */
export function metadataOf(member: Member, protocolName: string | null): Uint8Array {
  return member.protocols.find((protocol) => protocol.name === protocolName)?.metadata ?? NO_BYTES;
}

/** What the protocols take in memory. */
export function metadataBytesOf(protocols: readonly MemberProtocol[]): number {
  return protocols.reduce((sum, protocol) => sum + protocol.name.length + protocol.metadata.length, 0);
}

/** The member that an instance id belongs to now. */
export function memberOfInstance(group: ClassicGroup, groupInstanceId: string): Member | undefined {
  for (const member of group.members.values()) if (member.groupInstanceId === groupInstanceId) return member;
  return undefined;
}

/** Whether a member with these protocols can be together with the members there are (`exceptMemberId` left out). */
export function supportsProtocols(
  group: ClassicGroup,
  protocolType: string,
  protocols: readonly MemberProtocol[],
  exceptMemberId: string,
): boolean {
  if (protocolType === '' || protocols.length === 0) return false;
  const others = [...group.members.values()].filter((member) => member.memberId !== exceptMemberId);
  if (group.members.size > 0 && protocolType !== group.protocolType) return false;
  return protocols.some(({ name }) => others.every((member) => member.protocols.some((each) => each.name === name)));
}

/** The protocol that every member supports and most members prefer; the name decides where votes are equal. */
export function selectProtocol(group: ClassicGroup): string {
  const members = [...group.members.values()];
  const common = new Set(members[0]?.protocols.map((protocol) => protocol.name));
  for (const member of members) {
    const names = new Set(member.protocols.map((protocol) => protocol.name));
    for (const name of common) if (!names.has(name)) common.delete(name);
  }
  const votes = new Map<string, number>();
  for (const member of members) {
    const preferred = member.protocols.find((protocol) => common.has(protocol.name));
    if (preferred !== undefined) votes.set(preferred.name, (votes.get(preferred.name) ?? 0) + 1);
  }
  const [winner] = [...votes].sort(([nameA, countA], [nameB, countB]) => countB - countA || (nameA < nameB ? -1 : 1));
  return winner?.[0] ?? '';
}

/** Whether a member says the same as before: same protocols, same order, same bytes. */
export function sameProtocols(before: readonly MemberProtocol[], after: readonly MemberProtocol[]): boolean {
  return (
    before.length === after.length &&
    before.every((protocol, index) => {
      const other = after[index];
      return other !== undefined && other.name === protocol.name && sameBytes(protocol.metadata, other.metadata);
    })
  );
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** The longest time any member may take to rejoin. */
export function rebalanceTimeoutMs(group: ClassicGroup): number {
  let longest = 0;
  for (const member of group.members.values()) longest = Math.max(longest, member.rebalanceTimeoutMs);
  return longest;
}

/** Whether a rebalance need wait for nobody any more. */
export function hasAllMembersJoined(group: ClassicGroup): boolean {
  if (group.pendingMembers.size > 0) return false;
  for (const member of group.members.values()) if (member.waitingJoin === undefined) return false;
  return true;
}
