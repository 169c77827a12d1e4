import type { FollowerFetch, LiveBrokers } from './followers.ts';

/** What the cluster image says of the partition, as far as the machine needs it. */
export interface PartitionAssignment {
  /** -1: no leader. */
  readonly leaderId: number;
  readonly leaderEpoch: number;
  readonly partitionEpoch: number;
  readonly isr: readonly number[];
  readonly replicas: readonly number[];
}

/** The topic settings that decide what counts as replicated. */
export interface PartitionSettings {
  /** `min.insync.replicas` */
  readonly minInsyncReplicas: number;
  /** `flush.messages` is 1: only flushed records count as a replica's share. */
  readonly flushEveryMessage: boolean;
}

/**
 * What became of the write of an ISR. `ok`: it is in the store, and the image will show it. `conflict`: it is not, and never will be.
 * `unknown`: nobody can tell; the image will.
 */
export type IsrChangeOutcome = 'ok' | 'conflict' | 'unknown';

export type PartitionEvent =
  /** The image names this broker leader, or has a newer ISR or partition epoch under the same leader epoch. */
  | {
      readonly type: 'becomeLeader';
      readonly assignment: PartitionAssignment;
      /** Where a new epoch would start: records before it, written or not, carry the epoch they were appended under. */
      readonly appendedEndOffset: number;
      readonly nowMs: number;
    }
  /** The image names another leader, or none. */
  | { readonly type: 'becomeFollower'; readonly assignment: PartitionAssignment }
  /** Brokers were born, died, or are about to stop. */
  | { readonly type: 'brokersChanged'; readonly live: LiveBrokers }
  /** A write or a sync of the log returned. */
  | { readonly type: 'written'; readonly logEndOffset: number; readonly flushedEndOffset: number }
  /** A follower fetched: `judgeFetcher` has let it pass, and its log is a prefix of this one. */
  | { readonly type: 'followerFetched'; readonly fetch: FollowerFetch }
  /** The write that a `changeIsr` asked for, made from the record with `partitionEpoch`. */
  | { readonly type: 'isrChangeEnded'; readonly partitionEpoch: number; readonly outcome: IsrChangeOutcome }
  /** Time has passed: about half of `replica.lag.time.max.ms` since the last one. */
  | { readonly type: 'tick'; readonly nowMs: number }
  /** As follower: what the leader of `leaderEpoch` says is committed, beyond what may be here yet. */
  | { readonly type: 'leaderWatermark'; readonly leaderEpoch: number; readonly highWatermark: number }
  /** As follower: the log's end was cut off, or it starts anew elsewhere. */
  | {
      readonly type: 'truncated';
      readonly logStartOffset: number;
      readonly logEndOffset: number;
      readonly flushedEndOffset: number;
    }
  /** Records before `logStartOffset` were deleted; it never exceeds the high watermark. */
  | { readonly type: 'logStartMoved'; readonly logStartOffset: number }
  | { readonly type: 'configured'; readonly settings: PartitionSettings }
  /** The log's directory failed, or the partition was deleted. Nothing follows. */
  | { readonly type: 'closed' };

export type PartitionEffect =
  /** Records from `startOffset` on are stamped with `leaderEpoch`; the leader-epoch cache needs the entry before any of them. */
  | { readonly type: 'startLeaderEpoch'; readonly leaderEpoch: number; readonly startOffset: number }
  | { readonly type: 'highWatermarkAdvanced'; readonly highWatermark: number }
  /** The ISR is to be written, from the record with `partitionEpoch`; `isrChangeEnded` follows. */
  | {
      readonly type: 'changeIsr';
      readonly partitionEpoch: number;
      readonly isr: readonly number[];
      readonly effectiveMinIsr: number;
    }
  /** What waits on this leadership is to be answered. */
  | { readonly type: 'leadershipLost' };

export interface PartitionStart {
  readonly brokerId: number;
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  readonly flushedEndOffset: number;
  /** From the checkpoint; brought into [logStartOffset, logEndOffset]. */
  readonly highWatermark: number;
  readonly settings: PartitionSettings;
  /** `replica.lag.time.max.ms` */
  readonly lagTimeMaxMs: number;
}
