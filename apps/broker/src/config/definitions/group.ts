import { int, list, long, short, text, type Validator } from '../config-def.ts';

const migrationPolicies = ['bidirectional', 'upgrade', 'downgrade', 'disabled'];
const migrationPolicy: Validator<string> = {
  allowed: `${migrationPolicies.join(', ')}, in any case`,
  accepts: (value) => migrationPolicies.includes(value.toLowerCase()),
};

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
  'group.coordinator.rebalance.protocols': list(
    ['classic', 'consumer', 'streams'],
    'Which kinds of groups are served.',
    { of: ['classic', 'consumer', 'share', 'streams'] },
  ),
  'group.consumer.session.timeout.ms': int(
    45000,
    { min: 1 },
    'A member of a consumer group that is silent for this long is out.',
  ),
  'group.consumer.min.session.timeout.ms': int(
    45000,
    { min: 1 },
    'Shortest session time-out a consumer group may set.',
  ),
  'group.consumer.max.session.timeout.ms': int(60000, { min: 1 }, 'Longest session time-out a consumer group may set.'),
  'group.consumer.heartbeat.interval.ms': int(5000, { min: 1 }, 'How often members of consumer groups report.'),
  'group.consumer.min.heartbeat.interval.ms': int(
    5000,
    { min: 1 },
    'Shortest heartbeat interval a consumer group may set.',
  ),
  'group.consumer.max.heartbeat.interval.ms': int(
    15000,
    { min: 1 },
    'Longest heartbeat interval a consumer group may set.',
  ),
  'group.consumer.assignment.interval.ms': int(
    1000,
    { min: 0 },
    'Least time between two assignments of a consumer group: joins that come together cost one.',
    { updateMode: 'cluster-wide' },
  ),
  'group.consumer.min.assignment.interval.ms': int(
    0,
    { min: 0 },
    'Shortest assignment interval a consumer group may set.',
  ),
  'group.consumer.max.assignment.interval.ms': int(
    15000,
    { min: 0 },
    'Longest assignment interval a consumer group may set.',
  ),
  'group.consumer.max.size': int(2147483647, { min: 1 }, 'Most members of one consumer group.'),
  'group.consumer.assignors': list(
    ['uniform', 'range'],
    'Assignors of consumer groups; the first is for members that ask for none.',
    { of: ['uniform', 'range'] },
  ),
  'group.consumer.migration.policy': text(
    'bidirectional',
    'Which way a group with members may change between the classic and the consumer protocol.',
    { check: migrationPolicy },
  ),
  'group.consumer.regex.refresh.interval.ms': int(
    600000,
    { min: 10000 },
    'How often the topics of regular expressions are looked up even where no topic is new.',
  ),
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
    'Codec of what is committed: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd.',
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
