import { bool, int, short } from '../config-def.ts';

/** Transaction coordinator and `__transaction_state`. */
export const transactionConfigs = {
  'transaction.max.timeout.ms': int(900000, { min: 1 }, 'Longest time-out a transactional producer may ask for.'),
  'transactional.id.expiration.ms': int(
    604800000,
    { min: 1 },
    'A transactional id that nobody has used for this long is forgotten.',
  ),
  'transaction.remove.expired.transaction.cleanup.interval.ms': int(
    3600000,
    { min: 1 },
    'How often transactional ids that nobody uses are looked for.',
  ),
  'transaction.partition.verification.enable': bool(
    true,
    'Whether a batch that begins a transaction on a partition is checked with the coordinator first.',
    { updateMode: 'cluster-wide' },
  ),
  'transaction.state.log.num.partitions': int(
    50,
    { min: 1 },
    'Partitions of `__transaction_state`. Must not change once it exists.',
  ),
  'transaction.state.log.replication.factor': short(3, { min: 1 }, 'Replicas of `__transaction_state`.'),
  'transaction.state.log.min.isr': int(
    2,
    { min: 1 },
    'In-sync replicas a write to `__transaction_state` needs at least; never more than it has replicas.',
  ),
  'transaction.state.log.segment.bytes': int(104857600, { min: 1 }, 'Segment size of `__transaction_state`.'),
  'transaction.state.log.load.buffer.size': int(
    5242880,
    { min: 1 },
    'Bytes read at a time while a transaction coordinator loads.',
  ),
} as const;
