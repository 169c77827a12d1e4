import type { MemberProtocol } from './commands.ts';
import { type AssignedPartitions, NOTHING_ASSIGNED } from './topic-partitions.ts';

/** Epoch with which a member joins. */
export const JOIN_EPOCH = 0;
/** Epoch with which a member leaves for good. */
export const LEAVE_EPOCH = -1;
/** Epoch with which a static member leaves for a while: its partitions stay its own until its session ends. */
export const STATIC_LEAVE_EPOCH = -2;

/** Where a member stands on its way to its target assignment. */
export type ConsumerMemberState =
  /** It has all that its epoch's target gives it. */
  | 'stable'
  /** It has been told to give partitions up and has not said yet that it did. */
  | 'unrevoked-partitions'
  /** It has given up what it had to; others still hold some of what it is to get. */
  | 'unreleased-partitions'
  /** Written by a newer release: it must join anew. */
  | 'unknown';

/** What a member of the classic protocol says beside its subscription. */
export interface ClassicMemberMetadata {
  readonly sessionTimeoutMs: number;
  /** In its order of preference. */
  readonly protocols: readonly MemberProtocol[];
}

/** What a member says of itself, as the log keeps it. */
export interface MemberMetadata {
  readonly instanceId: string | null;
  readonly rackId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly rebalanceTimeoutMs: number;
  /** Sorted, each once. */
  readonly subscribedTopicNames: readonly string[];
  /** Empty for none. */
  readonly subscribedTopicRegex: string;
  readonly serverAssignor: string | null;
  /** Set for a member that speaks the classic protocol. */
  readonly classic: ClassicMemberMetadata | null;
}

/** What a member has, as the log keeps it. */
export interface CurrentAssignment {
  readonly memberEpoch: number;
  readonly previousMemberEpoch: number;
  readonly state: ConsumerMemberState;
  readonly assigned: AssignedPartitions;
  readonly pendingRevocation: AssignedPartitions;
}

/** A member of a consumer group (KIP-848). */
export interface ConsumerMember extends MemberMetadata, CurrentAssignment {
  readonly memberId: string;
}

/** What a member has before it is given anything. */
export const noAssignment: CurrentAssignment = {
  memberEpoch: 0,
  previousMemberEpoch: 0,
  state: 'stable',
  assigned: NOTHING_ASSIGNED,
  pendingRevocation: NOTHING_ASSIGNED,
};

/** A member that has said and got nothing yet. */
export function newMember(memberId: string): ConsumerMember {
  return {
    memberId,
    instanceId: null,
    rackId: null,
    clientId: '',
    clientHost: '',
    rebalanceTimeoutMs: -1,
    subscribedTopicNames: [],
    subscribedTopicRegex: '',
    serverAssignor: null,
    classic: null,
    ...noAssignment,
  };
}

/** The member's own words, without its assignment. */
export function metadataOfMember(member: ConsumerMember): MemberMetadata {
  const { instanceId, rackId, clientId, clientHost, rebalanceTimeoutMs } = member;
  const { subscribedTopicNames, subscribedTopicRegex, serverAssignor, classic } = member;
  return {
    instanceId,
    rackId,
    clientId,
    clientHost,
    rebalanceTimeoutMs,
    subscribedTopicNames,
    subscribedTopicRegex,
    serverAssignor,
    classic,
  };
}

/** The member's assignment alone. */
export function assignmentOfMember(member: ConsumerMember): CurrentAssignment {
  const { memberEpoch, previousMemberEpoch, state, assigned, pendingRevocation } = member;
  return { memberEpoch, previousMemberEpoch, state, assigned, pendingRevocation };
}
