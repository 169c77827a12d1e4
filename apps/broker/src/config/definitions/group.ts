import { int, long, short } from '../config-def.ts';

/** Group coordinator and `__consumer_offsets`. */
export const groupConfigs = {
  'group.initial.rebalance.delay.ms': int(
    3000,
    {},
    'How long the first member of an empty group waits for others before the first assignment.',
  ),
  'group.min.session.timeout.ms': int(6000, {}, 'Shortest session time-out a member may ask for.'),
  'group.max.session.timeout.ms': int(1800000, {}, 'Longest session time-out a member may ask for.'),
  'group.max.size': int(2147483647, { min: 1 }, 'Most members of one group.'),
  'offsets.topic.num.partitions': int(
    50,
    { min: 1 },
    'Partitions of `__consumer_offsets`. Must not change once it exists.',
  ),
  'offsets.topic.replication.factor': short(3, { min: 1 }, 'Replicas of `__consumer_offsets`.'),
  'offsets.topic.segment.bytes': int(104857600, { min: 1 }, 'Segment size of `__consumer_offsets`.'),
  'offsets.topic.compression.codec': int(
    0,
    { min: 0, max: 4 },
    'Codec id of committed offsets; only 0 (none) is honoured yet.',
  ),
  'offsets.retention.minutes': int(
    10080,
    { min: 1 },
    'Offsets of an empty group, or of a topic it left, are kept this long.',
  ),
  'offsets.retention.check.interval.ms': long(600000, { min: 1 }, 'How often expired offsets are looked for.'),
  'offsets.commit.timeout.ms': int(5000, { min: 1 }, 'Longest wait until a commit is replicated.'),
  'offsets.load.buffer.size': int(5242880, { min: 1 }, 'Bytes read at a time while a coordinator loads.'),
  'offset.metadata.max.bytes': int(4096, {}, 'Most bytes of text that a committed offset may carry.'),
  'max.incremental.fetch.session.cache.slots': int(1000, { min: 0 }, 'Most incremental fetch sessions kept.'),
} as const;
