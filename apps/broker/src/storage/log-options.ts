import type { WirePart } from '../ports/wire-part.ts';
import type { Log } from './log.ts';
import type { LogConfig } from './log-config.ts';
import type { LogEnvironment } from './log-environment.ts';

/** What a log tells its owner. Called synchronously, from within the log's own turn: do not await in them. */
export interface LogHooks {
  /** `logEndOffset` or `flushedEndOffset` moved up. */
  advanced(log: Log): void;
  /** A write, sync or read failed, once for each log: it serves nothing any more, and nothing is retried in place. */
  failed(log: Log, error: Error): void;
  /**
   * The log's end was cut off: once this has settled, and records are appended again, no checkpoint may say more than the log had then.
   * `isCleanedCut`: it was cut below what was compacted.
   */
  cut?(log: Log, isCleanedCut: boolean): Promise<void>;
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
  /** From the checkpoint: transaction markers from there on are not committed. Default: all are. */
  readonly highWatermark?: number;
  /** From the checkpoint: below it everything was compacted. Default 0. */
  readonly cleanedOffset?: number;
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
  /** Give leading batches that compaction has emptied, too: a replica has to have them. Default false. */
  readonly withEmpty?: boolean;
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

/** A log that has failed, or was closed, was asked for something. */
export class LogFailedError extends Error {
  override readonly name = 'LogFailedError';
}
