import { type BrokerConfig, brokerConfigOf } from '../../config/broker-config.ts';
import type { SeededRandom } from '../prng.ts';
import { choose } from '../workload/actor.ts';

export const PORT = 9092;

/** What a whole cluster is like, by the seed. It bounds what may befall it: docs/simulation.md says what is promised when. */
export interface ClusterTraits {
  /** flush.messages=1 everywhere: what was acknowledged outlives any power cut. */
  readonly isFlushed: boolean;
  /**
   * Which brokers may stop uncleanly. `any`: all of them, at any time; without flush.messages=1 their machines keep power.
   * `one`: one at a time may lose what it had not flushed; until its replicas are in sync again no other stops uncleanly.
   */
  readonly uncleanStops: 'any' | 'one';
  readonly minInsyncReplicas: number;
  /** How long a broker is taken for alive after it was heard of last. */
  readonly sessionTimeoutMs: number;
}

export function clusterTraitsOf(random: SeededRandom): ClusterTraits {
  const isFlushed = random.chance(0.4);
  const minInsyncReplicas = choose(random, [
    [8, 2],
    [1, 1],
    [1, 3],
  ]);
  return {
    isFlushed,
    uncleanStops: isFlushed || minInsyncReplicas < 2 || random.chance(0.4) ? 'any' : 'one',
    minInsyncReplicas,
    sessionTimeoutMs: 300 + random.int(1200),
  };
}

/** Small limits and short intervals, so that little work reaches much code; some of them by chance. */
export function configOf(random: SeededRandom, traits: ClusterTraits, brokerId: number): BrokerConfig {
  const { isFlushed, minInsyncReplicas, sessionTimeoutMs } = traits;
  const settings: Record<string, string> = {
    'node.id': String(brokerId),
    'broker.rack': `rack-${brokerId}`,
    'replica.selector.class': 'org.apache.kafka.common.replica.RackAwareReplicaSelector',
    listeners: `PLAINTEXT://broker-${brokerId}:${PORT}`,
    'log.dirs': '/data',
    'auto.create.topics.enable': 'false',
    'default.replication.factor': '3',
    'min.insync.replicas': String(minInsyncReplicas),
    'offsets.topic.num.partitions': '1',
    'offsets.topic.replication.factor': '3',
    'transaction.state.log.num.partitions': '1',
    'transaction.state.log.replication.factor': '3',
    'transaction.state.log.min.isr': String(minInsyncReplicas),
    'broker.session.timeout.ms': String(sessionTimeoutMs),
    'replica.lag.time.max.ms': String(200 + random.int(1000)),
    'replica.fetch.wait.max.ms': String(50 + random.int(300)),
    'replica.fetch.backoff.ms': '200',
    'replica.socket.timeout.ms': String(500 + random.int(2000)),
    'request.timeout.ms': '3000',
    'num.replica.fetchers': String(1 + random.int(2)),
    'replica.high.watermark.checkpoint.interval.ms': String(50 + random.int(2000)),
    'leader.imbalance.check.interval.seconds': '1',
    'log.flush.offset.checkpoint.interval.ms': String(50 + random.int(2000)),
    'log.flush.start.offset.checkpoint.interval.ms': String(50 + random.int(2000)),
    'log.initial.task.delay.ms': String(random.int(2000)),
    'log.segment.delete.delay.ms': String(random.int(2000)),
    'log.cleaner.dedupe.buffer.size': '1048576',
    'ks.shutdown.timeout.ms': String(random.int(5000)),
    'group.min.session.timeout.ms': '100',
    'group.initial.rebalance.delay.ms': String(random.int(200)),
    'offsets.commit.timeout.ms': String(1000 + random.int(4000)),
    ...(isFlushed ? { 'log.flush.interval.messages': '1' } : {}),
  };
  const { config } = brokerConfigOf(new Map(Object.entries(settings)));
  return { ...config, values: { ...config.values, 'ks.tail.bytes': 131_072 + random.int(1_000_000) } };
}
