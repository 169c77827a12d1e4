import type { GroupState } from './classic-group.ts';
import type { ConsumerGroupState } from './consumer-group.ts';
import type { ConsumerMember } from './consumer-member.ts';
import type { AnyPartitions, TopicPartitions } from './topic-partitions.ts';

export interface JoinReply {
  readonly type: 'join';
  readonly errorCode: number;
  readonly memberId: string;
  readonly generationId: number;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly leader: string;
  readonly skipAssignment: boolean;
  /** Everyone, for the leader; else empty. */
  readonly members: readonly {
    readonly memberId: string;
    readonly groupInstanceId: string | null;
    readonly metadata: Uint8Array;
  }[];
}

export interface SyncReply {
  readonly type: 'sync';
  readonly errorCode: number;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly assignment: Uint8Array;
}

export interface LeaveReply {
  readonly type: 'leave';
  readonly errorCode: number;
  readonly members: readonly {
    readonly memberId: string;
    readonly groupInstanceId: string | null;
    readonly errorCode: number;
  }[];
}

export interface CommitReply {
  readonly type: 'commit';
  /** In the order of the command. */
  readonly topics: readonly {
    readonly topic: string;
    readonly topicId: string;
    readonly partitions: readonly { readonly partitionIndex: number; readonly errorCode: number }[];
  }[];
}

export interface DeleteOffsetsReply {
  readonly type: 'delete-offsets';
  readonly errorCode: number;
  /** In the order of the command; empty where the whole was refused. */
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partitionIndex: number; readonly errorCode: number }[];
  }[];
}

export interface FetchedOffset {
  readonly partitionIndex: number;
  /** -1 where nothing is committed. */
  readonly committedOffset: number;
  readonly committedLeaderEpoch: number;
  readonly metadata: string;
  readonly errorCode: number;
}

export interface FetchOffsetsReply {
  readonly type: 'fetch-offsets';
  readonly errorCode: number;
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly FetchedOffset[] }[];
}

export interface DescribeReply {
  readonly type: 'describe';
  readonly errorCode: number;
  readonly groupId: string;
  readonly state: GroupState;
  readonly protocolType: string;
  /** Protocol name of a stable group, else empty; likewise metadata and assignments. */
  readonly protocolName: string;
  readonly members: readonly {
    readonly memberId: string;
    readonly groupInstanceId: string | null;
    readonly clientId: string;
    readonly clientHost: string;
    readonly metadata: Uint8Array;
    readonly assignment: Uint8Array;
  }[];
}

export interface ListedGroup {
  readonly groupId: string;
  readonly protocolType: string;
  readonly groupType: GroupType;
  readonly state: GroupState | ConsumerGroupState;
}

/** Kafka's names of the kinds of groups. */
export type GroupType = 'classic' | 'consumer';

export interface ListReply {
  readonly type: 'list';
  readonly errorCode: number;
  readonly groups: readonly ListedGroup[];
}

export interface ConsumerHeartbeatReply {
  readonly type: 'consumer-heartbeat';
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly memberId: string | null;
  readonly memberEpoch: number;
  readonly heartbeatIntervalMs: number;
  /** Null: as the member was told before. */
  readonly assignment: AnyPartitions | null;
}

export interface ConsumerDescribeReply {
  readonly type: 'consumer-describe';
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly groupId: string;
  readonly state: ConsumerGroupState;
  readonly groupEpoch: number;
  readonly assignmentEpoch: number;
  readonly assignorName: string;
  readonly members: readonly { readonly member: ConsumerMember; readonly target: TopicPartitions }[];
}

/** Where an error code says all. */
export interface StatusReply {
  readonly type: 'status';
  readonly errorCode: number;
}

export type GroupReply =
  | JoinReply
  | SyncReply
  | LeaveReply
  | CommitReply
  | FetchOffsetsReply
  | DeleteOffsetsReply
  | ConsumerHeartbeatReply
  | ConsumerDescribeReply
  | DescribeReply
  | ListReply
  | StatusReply;

export const NO_BYTES = new Uint8Array(0);

/** A refused join. */
export function joinError(memberId: string, errorCode: number): JoinReply {
  return {
    type: 'join',
    errorCode,
    memberId,
    generationId: -1,
    protocolType: null,
    protocolName: null,
    leader: '',
    skipAssignment: false,
    members: [],
  };
}

/** A refused sync. */
export function syncError(errorCode: number): SyncReply {
  return { type: 'sync', errorCode, protocolType: null, protocolName: null, assignment: NO_BYTES };
}

/** A refused ConsumerGroupHeartbeat. */
export function consumerHeartbeatError(errorCode: number, errorMessage: string | null): ConsumerHeartbeatReply {
  return {
    type: 'consumer-heartbeat',
    errorCode,
    errorMessage,
    memberId: null,
    memberEpoch: 0,
    heartbeatIntervalMs: 0,
    assignment: null,
  };
}

/** A consumer group that cannot be described. */
export function consumerDescribeError(
  groupId: string,
  errorCode: number,
  errorMessage: string | null,
): ConsumerDescribeReply {
  return {
    type: 'consumer-describe',
    errorCode,
    errorMessage,
    groupId,
    state: 'Dead',
    groupEpoch: 0,
    assignmentEpoch: 0,
    assignorName: '',
    members: [],
  };
}
