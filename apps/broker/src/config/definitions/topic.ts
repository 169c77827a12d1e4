import { bool, double, int, list, long, MAX_LONG, text, type Validator } from '../config-def.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

const throttledReplica: Validator<string> = {
  allowed: '`*` or partition:broker pairs such as 0:1,1:2',
  accepts: (element) => element === '*' || /^\d+:\d+$/.test(element),
};

/** Every topic config of Kafka, with the broker keys it takes its default from. */
export const topicConfigs = {
  'cleanup.policy': list(['delete'], 'What happens to old segments: `delete`, `compact` or both.', {
    of: ['compact', 'delete'],
    synonyms: ['log.cleanup.policy'],
  }),
  'compression.gzip.level': int(-1, { min: 1, max: 9, also: [-1] }, 'Level where the broker compresses with gzip.', {
    synonyms: ['compression.gzip.level'],
  }),
  'compression.lz4.level': int(9, { min: 1, max: 17 }, 'Level where the broker compresses with lz4: 9 is fast, as in Kafka, any other searches longer, 10 and above alike.', {
    synonyms: ['compression.lz4.level'],
  }),
  'compression.type': text('producer', 'Codec that batches are stored with; `producer` keeps what came.', {
    oneOf: ['uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'],
    synonyms: ['compression.type'],
  }),
  'compression.zstd.level': int(3, { min: -131072, max: 22 }, 'Level where the broker compresses with zstd.', {
    synonyms: ['compression.zstd.level'],
  }),
  'delete.retention.ms': long(86400000, { min: 0 }, 'How long tombstones survive compaction.', {
    synonyms: ['log.cleaner.delete.retention.ms'],
  }),
  'errors.deadletterqueue.group.enable': bool(false, 'Whether share groups may use this topic as dead letter queue.'),
  'file.delete.delay.ms': long(60000, { min: 0 }, 'Delay before files of a removed segment go.', {
    synonyms: ['log.segment.delete.delay.ms'],
  }),
  'flush.messages': long(MAX_LONG, { min: 1 }, 'Records after which the log is flushed.', {
    synonyms: ['log.flush.interval.messages'],
  }),
  'flush.ms': long(MAX_LONG, { min: 0 }, 'Longest time a record stays unflushed.', {
    synonyms: ['log.flush.interval.ms', 'log.flush.scheduler.interval.ms'],
  }),
  'follower.replication.throttled.replicas': list([], 'Replicas whose fetching is throttled.', {
    each: throttledReplica,
  }),
  'index.interval.bytes': int(4096, { min: 0 }, 'Log bytes between two index entries.', {
    synonyms: ['log.index.interval.bytes'],
  }),
  'leader.replication.throttled.replicas': list([], 'Replicas whose serving of followers is throttled.', {
    each: throttledReplica,
  }),
  'local.retention.bytes': long(-2, { min: -2 }, 'Bytes kept locally with tiered storage; -2: `retention.bytes`.', {
    synonyms: ['log.local.retention.bytes'],
  }),
  'local.retention.ms': long(-2, { min: -2 }, 'Time kept locally with tiered storage; -2: `retention.ms`.', {
    synonyms: ['log.local.retention.ms'],
  }),
  'max.compaction.lag.ms': long(MAX_LONG, { min: 1 }, 'Records older than this are compacted in any case.', {
    synonyms: ['log.cleaner.max.compaction.lag.ms'],
  }),
  'max.decompressed.message.bytes': int(
    2147483639,
    { min: 0 },
    'Largest record batch that is accepted, as it is after decompression. ks takes 100 MB at most.',
    { synonyms: ['max.decompressed.message.bytes'] },
  ),
  'max.message.bytes': int(1048588, { min: 0 }, 'Largest record batch that is accepted, as it is on the wire.', {
    synonyms: ['message.max.bytes'],
  }),
  'message.timestamp.after.max.ms': long(3600000, { min: 0 }, 'How far a record’s time may lie in the future.', {
    synonyms: ['log.message.timestamp.after.max.ms'],
  }),
  'message.timestamp.before.max.ms': long(MAX_LONG, { min: 0 }, 'How far a record’s time may lie in the past.', {
    synonyms: ['log.message.timestamp.before.max.ms'],
  }),
  'message.timestamp.type': text('CreateTime', 'Whose time a record carries: the producer’s or the broker’s.', {
    oneOf: ['CreateTime', 'LogAppendTime'],
    synonyms: ['log.message.timestamp.type'],
  }),
  'min.cleanable.dirty.ratio': double(
    0.5,
    { min: 0, max: 1 },
    'Share of the log that must be uncompacted before it is compacted.',
    { synonyms: ['log.cleaner.min.cleanable.ratio'] },
  ),
  'min.compaction.lag.ms': long(0, { min: 0 }, 'Records younger than this are not compacted.', {
    synonyms: ['log.cleaner.min.compaction.lag.ms'],
  }),
  'min.insync.replicas': int(1, { min: 1 }, 'In-sync replicas an acks=all write needs at least.', {
    synonyms: ['min.insync.replicas'],
  }),
  preallocate: bool(false, 'Whether a segment takes its whole size at once.', {
    synonyms: ['log.preallocate'],
  }),
  'remote.copy.lag.bytes': long(-1, { min: -1 }, 'Tiered storage: size at which a segment is copied; -1: at once.', {
    synonyms: ['log.remote.copy.lag.bytes'],
  }),
  'remote.copy.lag.ms': long(0, { min: -1 }, 'Tiered storage: age at which a segment is copied.', {
    synonyms: ['log.remote.copy.lag.ms'],
  }),
  'remote.log.copy.disable': bool(false, 'Tiered storage: stop copying, keep serving what was copied.'),
  'remote.log.delete.on.disable': bool(false, 'Tiered storage: delete what was copied when it is turned off.'),
  'remote.storage.enable': bool(false, 'Tiered storage for this topic.'),
  'retention.bytes': long(-1, {}, 'Size of a partition at which old segments go; -1: no limit.', {
    synonyms: ['log.retention.bytes'],
  }),
  'retention.ms': long(604800000, { min: -1 }, 'How long records are kept; -1: for ever.', {
    synonyms: [
      'log.retention.ms',
      { name: 'log.retention.minutes', scale: MINUTE_MS },
      { name: 'log.retention.hours', scale: HOUR_MS },
    ],
  }),
  'segment.bytes': int(1073741824, { min: 1048576 }, 'Size at which a segment is closed.', {
    synonyms: ['log.segment.bytes'],
  }),
  'segment.index.bytes': int(10485760, { min: 4 }, 'Largest index file.', { synonyms: ['log.index.size.max.bytes'] }),
  'segment.jitter.ms': long(0, { min: 0 }, 'Most that is taken off `segment.ms` at random.', {
    synonyms: ['log.roll.jitter.ms', { name: 'log.roll.jitter.hours', scale: HOUR_MS }],
  }),
  'segment.ms': long(604800000, { min: 1 }, 'Age at which a segment is closed.', {
    synonyms: ['log.roll.ms', { name: 'log.roll.hours', scale: HOUR_MS }],
  }),
  'unclean.leader.election.enable': bool(
    false,
    'Whether a replica outside the in-sync set may lead when no other can. That loses records.',
    { synonyms: ['unclean.leader.election.enable'] },
  ),
} as const;
