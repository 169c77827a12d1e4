import type { WirePart } from '../ports/wire-part.ts';
import type { EpochEndOffset } from './leader-epoch-cache.ts';
import type { LogConfig } from './log-config.ts';
import type { LogEnvironment } from './log-environment.ts';

/** What a log tells its owner. Called synchronously, from within the log's own turn: do not await in them. */
export interface LogHooks {
  /** `logEndOffset` or `flushedEndOffset` moved up. */
  advanced(log: Log): void;
  /** A write, sync or read failed, once for each log: it serves nothing any more, and nothing is retried in place. */
  failed(log: Log, error: Error): void;
}

export interface LogOptions {
  /** The partition's directory, `<log dir>/<topic>-<partition>`; made (with `partition.metadata`) where it is absent. */
  readonly directory: string;
  readonly topic: string;
  readonly partition: number;
  readonly topicId: string;
  readonly config: LogConfig;
  readonly environment: LogEnvironment;
  readonly hooks: LogHooks;
  /** From the checkpoint: below it everything was flushed. 0 where unknown. */
  readonly recoveryPoint: number;
  /** From the checkpoint; 0 where unknown. */
  readonly logStartOffset: number;
  /** Whether the directory's last owner stopped in order: then nothing is scanned. */
  readonly cleanShutdown: boolean;
}

export interface AppendOptions {
  readonly leaderEpoch: number;
  /** Wall time of the append; default: now. Used where message.timestamp.type is LogAppendTime, and for time-based rolling. */
  readonly nowMs?: number;
  /** Greatest record timestamp that validation found. Where the header says otherwise it is corrected (and its CRC). */
  readonly maxTimestampMs?: number;
}

export interface LogAppend {
  readonly baseOffset: number;
  /** Inclusive. */
  readonly lastOffset: number;
  /** The broker's time where message.timestamp.type is LogAppendTime, else -1. */
  readonly logAppendTimeMs: number;
}

/** Why a leader's batches were not appended. Nothing of the batch in question or of those after it was. */
export interface FollowerAppendFailure {
  readonly reason: 'corrupt' | 'not-next';
  readonly message: string;
}

export interface FollowerAppend {
  /** Batches that were appended before anything failed. */
  readonly batchCount: number;
  readonly failure: FollowerAppendFailure | undefined;
}

export interface LogReadOptions {
  /** Give the first batch even where it is larger than `maxBytes`. Default false. */
  readonly minOneBatch?: boolean;
}

/** What a read gave. The caller releases each part exactly once. */
export type LogRead =
  | {
      readonly type: 'records';
      /** Whole batches in offset order; the first may start below the offset asked for. Empty where there is nothing to give. */
      readonly parts: readonly WirePart[];
      readonly sizeBytes: number;
      /** Offset to read from next: one past the last batch given, else the offset asked for. */
      readonly nextOffset: number;
    }
  | {
      /** `startOffset` lies outside [logStartOffset, endOffset]: OFFSET_OUT_OF_RANGE. */
      readonly type: 'out-of-range';
      readonly logStartOffset: number;
      readonly endOffset: number;
    };

/** A record found by its timestamp. */
export interface TimestampedOffset {
  readonly timestampMs: number;
  readonly offset: number;
  /** -1 where the batch has none. */
  readonly leaderEpoch: number;
}

export type { EpochEndOffset };

/**
 * One partition's log: segments on disk and a tail in memory.
 *
 * Three ends, each at or below the one before: `appendedEndOffset` (offsets assigned, bytes in the tail), `logEndOffset`
 * (the write returned), `flushedEndOffset` (fdatasync returned). Readers and acknowledgements use `logEndOffset`.
 * After a failure every method that touches the disk throws or rejects with `LogFailedError`.
 */
export declare class Log {
  readonly topic: string;
  readonly partition: number;
  readonly topicId: string;
  /** Opens what is there (recovering after an unclean stop) or starts an empty log. Rejects with `FilesError` where the disk fails. */
  static open(options: LogOptions): Promise<Log>;

  get directory(): string;
  get config(): LogConfig;
  /** Whether a failure has taken the log out of service. */
  get isFailed(): boolean;
  get logStartOffset(): number;
  get appendedEndOffset(): number;
  get logEndOffset(): number;
  get flushedEndOffset(): number;
  /** Epoch of the last entry of the leader epoch cache, -1 where there is none. */
  get latestLeaderEpoch(): number;
  /** Bytes of all segments, appended ones included. */
  get sizeBytes(): number;
  get segmentCount(): number;
  /** Appended but not yet written. */
  get unwrittenBytes(): number;

  /** New limits, in force from the next append or retention run. */
  updateConfig(config: LogConfig): void;

  /**
   * Appends one validated batch as leader, synchronously: assigns its offsets, stamps the leader epoch (and the append time where the
   * topic asks for it) into the copy it makes. The caller's bytes are not changed. `hooks.advanced` tells when it was written.
   */
  append(batch: Uint8Array, options: AppendOptions): LogAppend;
  /** Appends a leader's batches with the offsets and epochs they carry, after checking size, magic, CRC and order. */
  appendAsFollower(batches: Uint8Array): FollowerAppend;

  /**
   * Whole batches from the one that holds `startOffset`, below `upToOffset` (exclusive; at most `logEndOffset` counts), of at most
   * `maxBytes`. Synchronous where the bytes are in memory or surely cached, else a promise. What it returns may be less than there is.
   */
  read(startOffset: number, maxBytes: number, upToOffset: number, options?: LogReadOptions): LogRead | Promise<LogRead>;

  /** First record at or above `logStartOffset` and below `upToOffset` (default `logEndOffset`) with a timestamp >= `timestampMs`. */
  offsetForTimestamp(timestampMs: number, upToOffset?: number): Promise<TimestampedOffset | undefined>;
  /** The record with the greatest timestamp (KIP-734); undefined in an empty log. */
  offsetOfMaxTimestamp(): Promise<TimestampedOffset | undefined>;
  /** The end of the greatest known epoch <= `leaderEpoch`. */
  endOffsetForEpoch(leaderEpoch: number): EpochEndOffset;
  /** Epoch of the record at `offset`, -1 where unknown. */
  epochForOffset(offset: number): number;
  /** Notes that `leaderEpoch` starts at `appendedEndOffset`: on becoming leader. */
  assignLeaderEpoch(leaderEpoch: number): void;

  /** Drops everything from `offset` on (the batch that holds it included), ends included. No append may run meanwhile. */
  truncateTo(offset: number): Promise<void>;
  /** Drops everything and starts an empty log at `offset`: a follower whose leader has deleted what it lacks. */
  truncateFullyAndStartAt(offset: number): Promise<void>;
  /** Moves the start up (DeleteRecords, a leader's start). Returns the start in force; whole segments below it go with retention. */
  advanceLogStartOffset(offset: number): number;
  /** Removes old segments by retention.ms, retention.bytes and `logStartOffset`, of records below `deletableEndOffset`. Returns how many. */
  deleteOldSegments(nowMs: number, deletableEndOffset?: number): Promise<number>;

  /** Writes and syncs all that was appended before the call. */
  flush(): Promise<void>;
  /** Flushes, writes the indexes and checkpoint files, closes. */
  close(): Promise<void>;
}
