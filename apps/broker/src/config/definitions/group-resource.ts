import { bool, int, list, text, type Validator } from '../config-def.ts';

const offsetReset: Validator<string> = {
  allowed: 'latest, earliest, by_duration:PnDTnHnMn.nS',
  accepts: (value) =>
    value === 'latest' ||
    value === 'earliest' ||
    /^by_duration:P(?!$)(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$/.test(value),
};

const deadLetterTopic: Validator<string> = {
  allowed: 'a topic name that does not begin with __',
  accepts: (value) => !value.startsWith('__'),
};

const of = (synonym: string) => ({ synonyms: [synonym] });

/** Every config of a group of Kafka, with the broker key it takes its default from. */
export const groupResourceConfigs = {
  'consumer.assignment.interval.ms': int(
    1000,
    { min: 0 },
    'Shortest time between two assignments of a consumer group.',
    of('group.consumer.assignment.interval.ms'),
  ),
  'consumer.heartbeat.interval.ms': int(
    5000,
    { min: 1 },
    'How often members of a consumer group are to send heartbeats.',
    of('group.consumer.heartbeat.interval.ms'),
  ),
  'consumer.session.timeout.ms': int(
    45000,
    { min: 1 },
    'A member of a consumer group that is silent for this long is removed.',
    of('group.consumer.session.timeout.ms'),
  ),
  'errors.deadletterqueue.copy.record.enable': bool(
    false,
    'Whether the dead letter queue gets the whole record. Accepted; ks has no dead letter queues yet.',
  ),
  'errors.deadletterqueue.topic.name': text(
    '',
    'Dead letter queue of a share group. Accepted; ks has no dead letter queues yet.',
    { check: deadLetterTopic },
  ),
  'share.assignment.interval.ms': int(
    1000,
    { min: 0 },
    'Shortest time between two assignments of a share group.',
    of('group.share.assignment.interval.ms'),
  ),
  'share.auto.offset.reset': text('latest', 'Where a share group begins that has no offsets.', { check: offsetReset }),
  'share.delivery.count.limit': int(
    5,
    { min: 2 },
    'How often a share group tries to deliver a record.',
    of('group.share.delivery.count.limit'),
  ),
  'share.heartbeat.interval.ms': int(
    5000,
    { min: 1 },
    'How often members of a share group are to send heartbeats.',
    of('group.share.heartbeat.interval.ms'),
  ),
  'share.isolation.level': text('read_uncommitted', 'Which transactional records a share group reads.', {
    oneOf: ['read_committed', 'read_uncommitted'],
  }),
  'share.partition.max.record.locks': int(
    2000,
    { min: 100 },
    'Most records of a partition that a share group has under way.',
    of('group.share.partition.max.record.locks'),
  ),
  'share.record.lock.duration.ms': int(
    30000,
    { min: 1000 },
    'How long a member of a share group holds a record.',
    of('group.share.record.lock.duration.ms'),
  ),
  'share.renew.acknowledge.enable': bool(true, 'Whether members of a share group may hold a record for longer.'),
  'share.session.timeout.ms': int(
    45000,
    { min: 1 },
    'A member of a share group that is silent for this long is removed.',
    of('group.share.session.timeout.ms'),
  ),
  'streams.assignment.interval.ms': int(
    1000,
    { min: 0 },
    'Shortest time between two assignments of a streams group.',
    of('group.streams.assignment.interval.ms'),
  ),
  'streams.assignor.name': text('sticky', 'Assignor of a streams group.', {
    oneOf: ['sticky'],
    ...of('group.streams.assignors'),
  }),
  'streams.heartbeat.interval.ms': int(
    5000,
    { min: 1 },
    'How often members of a streams group are to send heartbeats.',
    of('group.streams.heartbeat.interval.ms'),
  ),
  'streams.initial.rebalance.delay.ms': int(
    3000,
    { min: 0 },
    'How long the first member of a streams group waits for others.',
    of('group.streams.initial.rebalance.delay.ms'),
  ),
  'streams.num.standby.replicas': int(
    0,
    { min: 0 },
    'Standby copies of each stateful task of a streams group.',
    of('group.streams.num.standby.replicas'),
  ),
  'streams.rack.aware.assignment.tags': list(
    [],
    'Client tags over which standby copies are spread.',
    of('group.streams.rack.aware.assignment.tags'),
  ),
  'streams.session.timeout.ms': int(
    45000,
    { min: 1 },
    'A member of a streams group that is silent for this long is removed.',
    of('group.streams.session.timeout.ms'),
  ),
} as const;
