import type { ClusterImage } from '../core/metadata/image.ts';
import type { WirePart } from '../ports/wire-part.ts';
import type { PartitionTraffic } from './partition-traffic.ts';
import type { ReplicationPorts } from './replication.ts';
import type { TransactionVerifier } from './transaction-verifier.ts';
import type { Log } from '../storage/log.ts';
import type { LogConfig } from '../storage/log-config.ts';
import type { LogDirectory, LogDirectoryHooks } from '../storage/log-directory.ts';

/** Names one partition of a request. `topicId` is the zero UUID where the request carries none (an older version). */
export interface PartitionKey {
  readonly topic: string;
  readonly topicId: string;
  readonly partitionIndex: number;
}

/** Leader and epoch that an error should tell the client (KIP-951); -1 where unknown. */
export interface LeaderIdAndEpoch {
  readonly leaderId: number;
  readonly leaderEpoch: number;
}

/** One record of a refused batch and why (KIP-467). */
export interface RecordError {
  readonly batchIndex: number;
  readonly message: string | null;
}

export interface AppendPartition extends PartitionKey {
  /** Exactly one record batch v2. It may change once `append` has returned: what has to wait is copied. */
  readonly records: Uint8Array | null;
}

export interface AppendRequest {
  /** 0 and 1: answered once the leader's write has returned (flushed where `flush.messages=1`); -1: at the high watermark. */
  readonly acks: -1 | 0 | 1;
  /** How long acks=-1 waits for the high watermark before REQUEST_TIMED_OUT. */
  readonly timeoutMs: number;
  /** `coordinator`: the broker's own records; control batches, internal topics and null keys are allowed. */
  readonly origin: 'client' | 'coordinator';
  /** Produce version the batch came by; coordinators give the latest. */
  readonly apiVersion: number;
  readonly partitions: readonly AppendPartition[];
  /** The request of a transactional producer: what its coordinator says decides whether a transaction may begin on a partition. */
  readonly transaction?: { readonly transactionalId: string; readonly verifier: TransactionVerifier } | undefined;
  /** Of transaction markers: 2 and above with KIP-890. Default 0. */
  readonly transactionVersion?: number;
}

/** What became of one partition of an append. Offsets and times are -1 where `errorCode` is not 0. */
export interface AppendResult extends PartitionKey {
  /** A Kafka error code, 0 for none. */
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly recordErrors: readonly RecordError[];
  readonly baseOffset: number;
  /** Offset of the batch's last record. */
  readonly lastOffset: number;
  /** The broker's time where message.timestamp.type is LogAppendTime, else -1. */
  readonly logAppendTimeMs: number;
  readonly logStartOffset: number;
  /** Set with NOT_LEADER_OR_FOLLOWER. */
  readonly currentLeader: LeaderIdAndEpoch | undefined;
}

/** An append under way. */
export interface Append {
  /**
   * Set only where a batch has to be inflated on the thread pool first: nothing of the same connection may be admitted until it
   * settles (`context.exclusive`). It never rejects. Leader epoch and role are checked again after it.
   */
  readonly admitting: Promise<void> | undefined;
  /**
   * The offsets assigned or the refusal of each partition, in request order; complete once `admitting` has settled (at once where
   * that is undefined). Records are in the log's tail but not yet written: only `completion` says that they may be acknowledged.
   */
  readonly admitted: readonly AppendResult[];
  /** The final results in request order, when every partition is acknowledged as `acks` asks, refused or timed out. Never rejects. */
  readonly completion: Promise<readonly AppendResult[]>;
}

export interface FetchPartition extends PartitionKey {
  /** -1: not to be checked. */
  readonly currentLeaderEpoch: number;
  readonly fetchOffset: number;
  /** Epoch of the last record the reader has, -1 where it does not say (KIP-595 truncation detection). */
  readonly lastFetchedEpoch: number;
  readonly partitionMaxBytes: number;
  /** Of a replica: where its log starts; -1 where it does not say. */
  readonly logStartOffset?: number;
  /** Of a replica: what it knows to be committed; unknown where it does not say. */
  readonly highWatermark?: number;
}

export interface FetchRequest {
  /** -1 for a consumer. */
  readonly replicaId: number;
  /** The incarnation of a replica (KIP-903); -1 where it does not say: then it is refused. */
  readonly replicaEpoch?: number;
  /** Where the consumer is; it may be sent to a replica there, and followers serve it. Undefined: it knows leaders only (KIP-392). */
  readonly rackId?: string | undefined;
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  /** 0 READ_UNCOMMITTED, 1 READ_COMMITTED. */
  readonly isolationLevel: number;
  readonly partitions: readonly FetchPartition[];
  /** Whether the reader sees to the order itself (KIP-74): then they are read as they come, else each time another one first. */
  readonly keepsOrder?: boolean;
  /** Aborts when the connection is gone: a parked fetch is dropped. */
  readonly signal: AbortSignal;
}

export interface FetchResult extends PartitionKey {
  readonly errorCode: number;
  /** Watermark and offsets are -1 where `errorCode` is not 0. */
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  /** The broker that the consumer should rather read from; then nothing is read here. -1: this one. */
  readonly preferredReadReplica: number;
  /** Set where `lastFetchedEpoch` and `fetchOffset` do not lie in this log. */
  readonly divergingEpoch: { readonly epoch: number; readonly endOffset: number } | undefined;
  /** What a reader of committed records has to skip in `records`, by marker; null for a reader of all records. */
  readonly abortedTransactions: readonly { readonly producerId: number; readonly firstOffset: number }[] | null;
  readonly currentLeader: LeaderIdAndEpoch | undefined;
  /** Whole batches in order; each part is released exactly once by whoever holds the result. Empty where there is nothing. */
  readonly records: readonly WirePart[];
  readonly sizeBytes: number;
  /** Where the records given end: what to ask for next. */
  readonly nextOffset: number;
  /** Whether the same question would get the same answer now. Given with answers to replicas that have everything. */
  readonly stillHolds?: ((nowMs: number) => boolean) | undefined;
}

/** A replica's fetch session: all that it reads, of which a request reads only what may have changed. */
export interface StandingReader {
  /** What is to be read now, in place of what was before; undefined where nobody waits for it any more. */
  due(): { readonly partitions: readonly FetchPartition[]; readonly isUrgent: boolean } | undefined;
  /** Whether something that was left out may have changed meanwhile. */
  hasTurned(): boolean;
  /** Where the reader stands in a partition of this broker; undefined where it does not read it. */
  positionOf(partition: PartitionKey): FetchPartition | undefined;
}

export interface ListOffsetRequest extends PartitionKey {
  readonly currentLeaderEpoch: number;
  /** Milliseconds, or a negative marker: -1 latest, -2 earliest, -3 max timestamp, -4 earliest local, -5 latest tiered, -6 earliest pending upload. */
  readonly timestampMs: number;
  readonly isolationLevel: number;
  /** -1 for a consumer. */
  readonly replicaId: number;
}

export interface ListOffsetResult extends PartitionKey {
  readonly errorCode: number;
  readonly timestampMs: number;
  /** -1 where no record qualifies. */
  readonly offset: number;
  readonly leaderEpoch: number;
}

/** Asks for the start of one partition's log to be moved to `offset`; -1: to the high watermark. */
export interface RecordDeletionRequest extends PartitionKey {
  readonly offset: number;
}

export interface DeleteRecordsResult extends PartitionKey {
  readonly errorCode: number;
  /** The log's start from now on; -1 where `errorCode` is not 0. */
  readonly lowWatermark: number;
}

export interface EpochEndOffsetRequest extends PartitionKey {
  /** -1: not to be checked. */
  readonly currentLeaderEpoch: number;
  readonly leaderEpoch: number;
}

/** The end of the greatest epoch of the log that is not above the one asked for; both -1 where there is none. */
export interface EpochEndOffsetResult {
  readonly errorCode: number;
  readonly leaderEpoch: number;
  readonly endOffset: number;
}

/** A log directory of this broker as it is now. */
export interface HostedLogDirectory {
  readonly path: string;
  readonly isOffline: boolean;
  readonly partitions: readonly HostedLog[];
}

/** One log in a directory. */
export interface HostedLog {
  readonly topic: string;
  readonly partitionIndex: number;
  /** Of all its segments, without their indexes. */
  readonly sizeBytes: number;
  /** Records below the high watermark that this log lacks. */
  readonly offsetLag: number;
}

/** One replica on this broker. A live view: its getters follow the partition until `isOpen` is false. */
export interface HostedPartition {
  readonly topic: string;
  readonly topicId: string;
  readonly partitionIndex: number;
  /** False once the partition was deleted or its log directory failed; a later image may bring a new object. */
  readonly isOpen: boolean;
  readonly isLeader: boolean;
  readonly leaderEpoch: number;
  /** Whether acks=all would be refused with NOT_ENOUGH_REPLICAS: the committed ISR is below the effective min.insync.replicas. */
  readonly isUnderMinIsr: boolean;
  /** The broker's storage of it; readers of committed data read up to `highWatermark`. */
  readonly log: Log;
  readonly logStartOffset: number;
  readonly highWatermark: number;
  /** Where readers of committed records stop (exclusive): no transaction is open below it. Never above `highWatermark`. */
  readonly lastStableOffset: number;
  readonly logEndOffset: number;
  readonly traffic: PartitionTraffic;
  /** Calls `listener` after each advance of the high watermark and once when `isOpen` or `isLeader` turns false; returns what ends it. */
  onChange(listener: (partition: HostedPartition) => void): () => void;
}

/**
 * The replicas this broker hosts: opens and deletes their logs as the cluster image says, appends, reads, and parks what must wait
 * (acks=all, long polls). Nothing here rejects for a reason a client can cause: errors are Kafka error codes in the results.
 */
export interface ReplicaManager {
  /**
   * Makes this broker's logs follow `next`: creates and opens, becomes leader under the image's leader epoch, drops what the image lacks.
   * Calls are serialised; the promise settles when `next` is in force. A partition that cannot be opened answers KAFKA_STORAGE_ERROR.
   */
  applyImage(previous: ClusterImage | undefined, next: ClusterImage): Promise<void>;
  append(request: AppendRequest): Append;
  /** Answers when `minBytes` are there, `maxWaitMs` has passed or a partition has an error. Results in request order. */
  fetch(request: FetchRequest): Promise<readonly FetchResult[]>;
  /** As `fetch` with one byte as the least, for a replica; the results are those of what `reader.due()` gave last. */
  fetchStanding(request: Omit<FetchRequest, 'partitions'>, reader: StandingReader): Promise<readonly FetchResult[]>;
  listOffset(request: ListOffsetRequest): Promise<ListOffsetResult>;
  /** Where a reader that has records of an epoch should look whether it diverges (KIP-101, KIP-320). */
  epochEndOffset(request: EpochEndOffsetRequest): EpochEndOffsetResult;
  /** Moves logs' starts up. Results in request order, once a restart would not undo them. */
  deleteRecords(requests: readonly RecordDeletionRequest[]): Promise<readonly DeleteRecordsResult[]>;
  partition(topic: string, partitionIndex: number): HostedPartition | undefined;
  logDirectories(): readonly HostedLogDirectory[];
  /** All hosted partitions, in no order. */
  partitions(): Iterable<HostedPartition>;
  /** The newest image given to `applyImage`; undefined before the first. */
  readonly image: ClusterImage | undefined;
}

/** The replica manager as the composition root sees it. Use: make, acquire the directories with `hooks`, `start`, images, `stop`. */
export interface ReplicaHost extends ReplicaManager {
  /** What the log directories are to be acquired with. */
  readonly hooks: LogDirectoryHooks;
  /** The effective log config of a topic by the newest image given to `applyImage`. */
  logConfigOf(topic: string): LogConfig;
  /** What this broker needs to be one of several: to be called once, before the first image. Without it no replica follows another. */
  replicate(ports: ReplicationPorts): void;
  /** Takes over loaded log directories and starts the periodic work: high watermark checkpoints, retention. Before the first image. */
  start(directories: readonly LogDirectory[]): void;
  /**
   * Answers everything parked (NOT_LEADER_OR_FOLLOWER, which clients retry), writes the checkpoints and closes the directories, with the
   * clean shutdown marker where a broker epoch is given.
   */
  stop(brokerEpoch: number | undefined): Promise<void>;
}
