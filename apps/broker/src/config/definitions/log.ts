import { bool, double, int, list, long, MAX_LONG, text } from '../config-def.ts';

const clusterWide = { updateMode: 'cluster-wide' } as const;

/** The log: what topics inherit, and the upkeep of all logs. */
export const logConfigs = {
  'log.segment.bytes': int(1073741824, { min: 1048576 }, 'Size at which a segment is closed.', clusterWide),
  'log.roll.ms': long(null, { min: 1 }, 'Age at which a segment is closed.', clusterWide),
  'log.roll.hours': int(168, { min: 1 }, '`log.roll.ms` in hours, where that is not set.'),
  'log.roll.jitter.ms': long(null, { min: 0 }, 'Most that is taken off `log.roll.ms` at random.', clusterWide),
  'log.roll.jitter.hours': int(0, { min: 0 }, '`log.roll.jitter.ms` in hours, where that is not set.'),
  'log.retention.ms': long(null, { min: -1 }, 'How long records are kept; -1: for ever.', clusterWide),
  'log.retention.minutes': int(null, { min: -1 }, '`log.retention.ms` in minutes, where that is not set.'),
  'log.retention.hours': int(168, { min: -1 }, '`log.retention.ms` in hours, where neither is set.'),
  'log.retention.bytes': long(-1, {}, 'Size of a partition at which old segments go; -1: no limit.', clusterWide),
  'log.retention.check.interval.ms': long(300000, { min: 1 }, 'How often retention looks at the logs.'),
  'log.initial.task.delay.ms': long(30000, { min: 0 }, 'Delay of the first retention and checkpoint run.'),
  'log.segment.delete.delay.ms': long(60000, { min: 0 }, 'Delay before files of a removed segment go.', clusterWide),
  'log.cleanup.policy': list(['delete'], 'What happens to old segments: `delete`, `compact` or both.', {
    of: ['compact', 'delete'],
    ...clusterWide,
  }),
  'log.index.interval.bytes': int(4096, { min: 0 }, 'Log bytes between two index entries.', clusterWide),
  'log.index.size.max.bytes': int(10485760, { min: 4 }, 'Largest index file.', clusterWide),
  'log.preallocate': bool(
    false,
    'Whether a segment takes its whole size at once. Accepted, not done yet.',
    clusterWide,
  ),
  'log.message.timestamp.type': text('CreateTime', 'Whose time a record carries: the producer’s or the broker’s.', {
    oneOf: ['CreateTime', 'LogAppendTime'],
    ...clusterWide,
  }),
  'log.message.timestamp.before.max.ms': long(
    MAX_LONG,
    { min: 0 },
    'How far a record’s time may lie in the past.',
    clusterWide,
  ),
  'log.message.timestamp.after.max.ms': long(
    3600000,
    { min: 0 },
    'How far a record’s time may lie in the future.',
    clusterWide,
  ),
  'log.flush.interval.messages': long(MAX_LONG, { min: 1 }, 'Records after which a log is flushed.', clusterWide),
  'log.flush.interval.ms': long(null, { min: 0 }, 'Longest time a record stays unflushed.', clusterWide),
  'log.flush.scheduler.interval.ms': long(MAX_LONG, { min: 1 }, 'How often logs are looked over for flushing.'),
  'log.flush.offset.checkpoint.interval.ms': int(60000, { min: 0 }, 'How often recovery points are written.'),
  'log.flush.start.offset.checkpoint.interval.ms': int(60000, { min: 0 }, 'How often log start offsets are written.'),
  'log.cleaner.delete.retention.ms': long(86400000, { min: 0 }, 'How long tombstones survive compaction.', clusterWide),
  'log.cleaner.min.cleanable.ratio': double(
    0.5,
    { min: 0, max: 1 },
    'Share of a log that must be uncompacted before it is compacted.',
    clusterWide,
  ),
  'log.cleaner.min.compaction.lag.ms': long(0, { min: 0 }, 'Records younger than this are not compacted.', clusterWide),
  'log.cleaner.max.compaction.lag.ms': long(
    MAX_LONG,
    { min: 1 },
    'Records older than this are compacted in any case.',
    clusterWide,
  ),
  'log.cleaner.enable': bool(true, 'Whether logs are compacted at all.'),
  'log.cleaner.threads': int(1, { min: 0 }, 'Logs compacted at a time.', clusterWide),
  'log.cleaner.dedupe.buffer.size': long(
    134217728,
    { min: 1048576 },
    'Memory for keys while logs are compacted; taken only as far as it is needed.',
    clusterWide,
  ),
  'log.cleaner.io.buffer.load.factor': double(
    0.9,
    { min: 0.1, max: 1 },
    'How full the memory for keys may get.',
    clusterWide,
  ),
  'log.cleaner.io.buffer.size': int(
    524288,
    { min: 0 },
    'Memory for reading and writing while logs are compacted.',
    clusterWide,
  ),
  'log.cleaner.io.max.bytes.per.second': double(
    Number.MAX_VALUE,
    { min: 1 },
    'Most that compaction reads and writes in a second.',
    clusterWide,
  ),
  'log.cleaner.backoff.ms': long(15000, { min: 0 }, 'Pause of compaction where nothing is to be done.', clusterWide),
  'num.recovery.threads.per.data.dir': int(
    2,
    { min: 1 },
    'Logs of one directory opened or closed at a time.',
    clusterWide,
  ),
} as const;
