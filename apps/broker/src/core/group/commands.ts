import type { TransactionalProducer } from '../replicated-state.ts';
import type { TopicPartitions } from './topic-partitions.ts';

/** A protocol that a member supports, with its subscription in that protocol's bytes. */
export interface MemberProtocol {
  readonly name: string;
  readonly metadata: Uint8Array;
}

export interface JoinCommand {
  readonly type: 'join';
  readonly groupId: string;
  /** Empty for a first join. */
  readonly memberId: string;
  /** The id the member gets where it needs a new one. */
  readonly newMemberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly protocolType: string;
  /** In the member's order of preference. */
  readonly protocols: readonly MemberProtocol[];
  /** JoinGroup v4+ (KIP-394): a first join without instance id only gets a member id (error 79). */
  readonly requireKnownMemberId: boolean;
  /** JoinGroup v9+ (KIP-814): a returning static leader can be told not to assign. */
  readonly supportsSkipAssignment: boolean;
}

export interface SyncCommand {
  readonly type: 'sync';
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  /** SyncGroup v5+; null where the client does not say. */
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  /** From the leader. */
  readonly assignments: readonly { readonly memberId: string; readonly assignment: Uint8Array }[];
}

export interface HeartbeatCommand {
  readonly type: 'heartbeat';
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
}

export interface LeaveCommand {
  readonly type: 'leave';
  readonly groupId: string;
  readonly members: readonly { readonly memberId: string; readonly groupInstanceId: string | null }[];
}

/** ConsumerGroupHeartbeat (KIP-848). What is null has not changed since the member said it last. */
export interface ConsumerHeartbeatCommand {
  readonly type: 'consumer-heartbeat';
  readonly groupId: string;
  readonly memberId: string;
  /** 0: joins. -1: leaves. -2: a static member leaves for a while. */
  readonly memberEpoch: number;
  readonly instanceId: string | null;
  readonly rackId: string | null;
  /** -1: as before. */
  readonly rebalanceTimeoutMs: number;
  readonly subscribedTopicNames: readonly string[] | null;
  /** Empty: none any more. */
  readonly subscribedTopicRegex: string | null;
  readonly serverAssignor: string | null;
  /** What the member has by now. */
  readonly topicPartitions: TopicPartitions | null;
  readonly clientId: string;
  readonly clientHost: string;
  /** Whether the member may learn that a topic is there: what it may not, its regular expression does not find. */
  readonly mayDescribe: (topic: string) => boolean;
}

export interface ConsumerDescribeCommand {
  readonly type: 'consumer-describe';
  readonly groupId: string;
}

export interface CommitPartition {
  readonly partitionIndex: number;
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly metadata: string;
}

export interface CommitCommand {
  readonly type: 'commit';
  readonly groupId: string;
  /** Below 0 for a consumer that is no member. */
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  /** -1: as the broker is configured. */
  readonly retentionTimeMs: number;
  /** OffsetCommit v9+ (KIP-848): tells an absent group from a stale generation, and members of consumer groups must use it. */
  readonly knowsConsumerGroups: boolean;
  readonly topics: readonly {
    readonly topic: string;
    readonly topicId: string;
    readonly partitions: readonly CommitPartition[];
  }[];
}

/** TxnOffsetCommit: counts only when the producer's transaction commits. */
export interface TransactionalCommitCommand
  extends Omit<CommitCommand, 'type' | 'retentionTimeMs' | 'knowsConsumerGroups'> {
  readonly type: 'transactional-commit';
  readonly producer: TransactionalProducer;
}

export interface FetchOffsetsCommand {
  readonly type: 'fetch-offsets';
  readonly groupId: string;
  /** OffsetFetch v9+ (KIP-848): null for a client that is no member. */
  readonly memberId: string | null;
  /** Below 0 for a client that is no member. */
  readonly memberEpoch: number;
  /** Whether an offset in an open transaction is an error (KIP-447). */
  readonly requireStable: boolean;
  /** Null: every offset of the group. */
  readonly topics: readonly { readonly topic: string; readonly partitionIndexes: readonly number[] }[] | null;
}

export interface DescribeCommand {
  readonly type: 'describe';
  readonly groupId: string;
}

export interface ListCommand {
  readonly type: 'list';
}

export interface DeleteCommand {
  readonly type: 'delete';
  readonly groupId: string;
}

/** OffsetDelete (KIP-496). */
export interface DeleteOffsetsCommand {
  readonly type: 'delete-offsets';
  readonly groupId: string;
  readonly topics: readonly { readonly topic: string; readonly partitionIndexes: readonly number[] }[];
}

/** Writes tombstones for a group's offsets that have expired, and for the group itself when nothing is left of it. */
export interface ExpireOffsetsCommand {
  readonly type: 'expire-offsets';
  readonly groupId: string;
}

/** Writes tombstones for a group's offsets of topics that are gone. */
export interface DeleteTopicOffsetsCommand {
  readonly type: 'delete-topic-offsets';
  readonly groupId: string;
  readonly topics: readonly { readonly topic: string; readonly topicId: string }[];
}

/** A deadline that has passed. */
export type TimeoutCommand =
  | { readonly type: 'session-expired'; readonly key: string; readonly groupId: string; readonly memberId: string }
  | { readonly type: 'pending-expired'; readonly key: string; readonly groupId: string; readonly memberId: string }
  | { readonly type: 'join-expired'; readonly key: string; readonly groupId: string }
  | { readonly type: 'sync-expired'; readonly key: string; readonly groupId: string }
  | ConsumerTimeoutCommand;

/** A member of a consumer group has not done in time what it had to. */
export interface ConsumerTimeoutCommand {
  readonly type: 'consumer-expired';
  readonly key: string;
  readonly groupId: string;
  readonly memberId: string;
}

export type GroupCommand =
  | JoinCommand
  | SyncCommand
  | HeartbeatCommand
  | LeaveCommand
  | ConsumerHeartbeatCommand
  | ConsumerDescribeCommand
  | CommitCommand
  | TransactionalCommitCommand
  | FetchOffsetsCommand
  | DescribeCommand
  | ListCommand
  | DeleteCommand
  | DeleteOffsetsCommand
  | ExpireOffsetsCommand
  | DeleteTopicOffsetsCommand
  | TimeoutCommand;
