import type { CompressionType } from '@ks/protocol';

/** What a topic's config says to its logs. Names and meaning are Kafka's; a limit that is off is `Number.MAX_SAFE_INTEGER`. */
export interface LogConfig {
  /** segment.bytes: a batch that would make the segment larger rolls it. */
  readonly segmentBytes: number;
  /** segment.ms: age (by record timestamps, else by the wall clock) at which the next append rolls the segment. */
  readonly segmentMs: number;
  /** segment.jitter.ms: up to this much, at random, is taken off `segmentMs`. */
  readonly segmentJitterMs: number;
  /** segment.index.bytes: an index of this size rolls the segment. Nothing is preallocated. */
  readonly segmentIndexBytes: number;
  /** index.interval.bytes: log bytes between two index entries. */
  readonly indexIntervalBytes: number;
  /** retention.ms; -1 keeps records for ever. */
  readonly retentionMs: number;
  /** retention.bytes, of one partition; -1 is no limit. */
  readonly retentionBytes: number;
  /** file.delete.delay.ms: how long removed files stay, renamed `.deleted`. */
  readonly fileDeleteDelayMs: number;
  /** flush.messages: records after which the log is flushed; 1 makes every acknowledgement wait for fdatasync. */
  readonly flushMessages: number;
  /** flush.ms: longest time a record stays unflushed. */
  readonly flushMs: number;
  /** producer.id.expiration.ms, of the broker: how long a producer that is not heard of is remembered. */
  readonly producerIdExpirationMs: number;
  /** cleanup.policy; neither keeps everything. */
  readonly cleanupPolicy: { readonly delete: boolean; readonly compact: boolean };
  /** min.cleanable.dirty.ratio: share of a log, 0 to 1, that must not have been compacted before it is. */
  readonly minCleanableDirtyRatio: number;
  /** min.compaction.lag.ms: younger records are not compacted. */
  readonly minCompactionLagMs: number;
  /** max.compaction.lag.ms: older records are compacted whatever the ratio, and roll the active segment. */
  readonly maxCompactionLagMs: number;
  /** delete.retention.ms: how long a tombstone stays after it was first compacted. */
  readonly deleteRetentionMs: number;
  /** max.message.bytes: largest batch accepted, as it came. */
  readonly maxMessageBytes: number;
  /** max.decompressed.message.bytes: largest batch as it is after decompression. */
  readonly maxDecompressedMessageBytes: number;
  /** compression.type: what batches are stored with; `producer` keeps what came. */
  readonly compressionType: CompressionType | 'producer';
  /** compression.gzip.level, compression.lz4.level or compression.zstd.level, where the broker compresses with one of them. */
  readonly compressionLevel: number | undefined;
  /** message.timestamp.type */
  readonly messageTimestampType: 'CreateTime' | 'LogAppendTime';
  /** message.timestamp.before.max.ms */
  readonly messageTimestampBeforeMaxMs: number;
  /** message.timestamp.after.max.ms */
  readonly messageTimestampAfterMaxMs: number;
}

/** Kafka 4.4's defaults. */
export const defaultLogConfig: LogConfig = {
  segmentBytes: 1_073_741_824,
  segmentMs: 604_800_000,
  segmentJitterMs: 0,
  segmentIndexBytes: 10_485_760,
  indexIntervalBytes: 4096,
  retentionMs: 604_800_000,
  retentionBytes: -1,
  fileDeleteDelayMs: 60_000,
  flushMessages: Number.MAX_SAFE_INTEGER,
  flushMs: Number.MAX_SAFE_INTEGER,
  producerIdExpirationMs: 86_400_000,
  cleanupPolicy: { delete: true, compact: false },
  minCleanableDirtyRatio: 0.5,
  minCompactionLagMs: 0,
  maxCompactionLagMs: Number.MAX_SAFE_INTEGER,
  deleteRetentionMs: 86_400_000,
  maxMessageBytes: 1_048_588,
  maxDecompressedMessageBytes: 2_147_483_639,
  compressionType: 'producer',
  compressionLevel: undefined,
  messageTimestampType: 'CreateTime',
  messageTimestampBeforeMaxMs: Number.MAX_SAFE_INTEGER,
  messageTimestampAfterMaxMs: 3_600_000,
};
