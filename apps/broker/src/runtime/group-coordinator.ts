import type {
  CommitCommand,
  ConsumerHeartbeatCommand,
  DeleteOffsetsCommand,
  FetchOffsetsCommand,
  HeartbeatCommand,
  JoinCommand,
  LeaveCommand,
  SyncCommand,
  TransactionalCommitCommand,
} from '../core/group/commands.ts';
import type {
  CommitReply,
  ConsumerDescribeReply,
  ConsumerHeartbeatReply,
  DeleteOffsetsReply,
  DescribeReply,
  FetchOffsetsReply,
  JoinReply,
  LeaveReply,
  ListReply,
  StatusReply,
  SyncReply,
} from '../core/group/replies.ts';
import type { ClusterImage } from '../core/metadata/image.ts';
import type { EndMarker } from './coordinator-log.ts';
import type { GroupPosition } from './group-lag.ts';

/** Where a group's coordinator is, or why that cannot be told: COORDINATOR_NOT_AVAILABLE, which clients retry. */
export interface FoundCoordinator {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  /** Node id and port -1, host empty, where there is an error. */
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

export type JoinRequest = Omit<JoinCommand, 'type' | 'newMemberId'>;
export type SyncRequest = Omit<SyncCommand, 'type'>;
export type HeartbeatRequest = Omit<HeartbeatCommand, 'type'>;
export type ConsumerHeartbeatRequest = Omit<ConsumerHeartbeatCommand, 'type'> & {
  /** v0: the member id may be empty in a first join, then the member is given one. */
  readonly givesMemberId: boolean;
};
export type LeaveRequest = Omit<LeaveCommand, 'type'>;
export type CommitRequest = Omit<CommitCommand, 'type'>;
export type DeleteOffsetsRequest = Omit<DeleteOffsetsCommand, 'type'>;
export type FetchOffsetsRequest = Omit<FetchOffsetsCommand, 'type'>;

/**
 * Consumer groups and committed offsets, for the groups whose partition of `__consumer_offsets` this broker leads; for others it answers
 * NOT_COORDINATOR. Replies come when what they tell is committed. Nothing here rejects for a reason a client can cause: errors are
 * Kafka error codes in the replies. Byte fields of requests are kept: they must not change.
 */
export interface GroupCoordinator {
  /** Where `groupId` is coordinated, as clients of `listenerName` reach it. Creates `__consumer_offsets` where there is none. */
  findCoordinator(groupId: string, listenerName: string): Promise<FoundCoordinator>;
  /** Waits for the rebalance to come together. */
  joinGroup(request: JoinRequest): Promise<JoinReply>;
  /** Waits for the leader's assignment. */
  syncGroup(request: SyncRequest): Promise<SyncReply>;
  heartbeat(request: HeartbeatRequest): Promise<StatusReply>;
  leaveGroup(request: LeaveRequest): Promise<LeaveReply>;
  /** A member of a consumer group (KIP-848) joins, reports, leaves. */
  consumerHeartbeat(request: ConsumerHeartbeatRequest): Promise<ConsumerHeartbeatReply>;
  describeConsumerGroup(groupId: string): Promise<ConsumerDescribeReply>;
  commitOffsets(request: CommitRequest): Promise<CommitReply>;
  fetchOffsets(request: FetchOffsetsRequest): Promise<FetchOffsetsReply>;
  deleteOffsets(request: DeleteOffsetsRequest): Promise<DeleteOffsetsReply>;
  describeGroup(groupId: string): Promise<DescribeReply>;
  /** The groups coordinated here. COORDINATOR_LOAD_IN_PROGRESS where some are still read. */
  listGroups(): Promise<ListReply>;
  deleteGroup(groupId: string): Promise<StatusReply>;
}

export type TransactionalOffsetsRequest = Omit<TransactionalCommitCommand, 'type'>;

/** The group coordinator as the composition root sees it: images after the replica manager has put them in force, then `stop`. */
export interface GroupCoordinatorHost extends GroupCoordinator {
  /** What the groups coordinated here have committed, by partition; what is being loaded is missing. */
  committedPositions(): Iterable<GroupPosition>;
  /** Takes over the partitions of `__consumer_offsets` that this broker leads by now, lets go of others. */
  applyImage(previous: ClusterImage | undefined, next: ClusterImage): void;
  /** Commits offsets that count once the producer's marker says so. Its transaction has been verified: `producer` says by what. */
  commitTransactionalOffsets(request: TransactionalOffsetsRequest): Promise<CommitReply>;
  /** Writes a transaction's marker into a partition of `__consumer_offsets`. Gives NONE when it is committed, else why not. */
  markOffsets(partitionIndex: number, marker: EndMarker): Promise<number>;
  /** Looks for expired offsets from now on, every offsets.retention.check.interval.ms. */
  start(): void;
  /** Answers whoever waits with NOT_COORDINATOR. Before the replica manager stops. */
  stop(): void;
}
