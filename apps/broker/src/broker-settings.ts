import type { BrokerConfig } from './config/broker-config.ts';
import { brokerValuesInForce, throttledRateInForce } from './config/dynamic-broker-config.ts';
import { logConfigOf, resolveTopicConfig } from './config/topic-config.ts';
import {
  type ConsumerGroupConfig,
  defaultGroupConfig,
  type GroupConfig,
  type MigrationPolicy,
} from './core/group/group-config.ts';
import { type ClusterImage, configKey, emptyClusterImage } from './core/metadata/image.ts';
import type { ReplicationRates } from './runtime/replication-throttle.ts';
import type { ReplicationSettings } from './runtime/replication.ts';
import type { HousekeepingIntervals } from './runtime/replica-housekeeping.ts';
import { brokerLayers } from './runtime/topic-admin-rules.ts';
import type { ThrottledReplicas, TopicSettings, TopicSettingsOf } from './runtime/topic-settings.ts';
import type { CleanerSettings } from './storage/cleaner-scheduler.ts';

/** The effective settings of topics. Those without overrides are resolved once per image. */
export function topicSettings(config: BrokerConfig): TopicSettingsOf {
  let resolvedFor: ClusterImage['configs'] | undefined;
  let producerIdExpirationMs = config.values['producer.id.expiration.ms'];
  const resolved = new Map<ReadonlyMap<string, string> | undefined, TopicSettings>();
  return (topic, image = emptyClusterImage) => {
    const layers = brokerLayers(config, config.nodeId, image);
    if (resolvedFor !== image.configs) {
      resolved.clear();
      producerIdExpirationMs = brokerValuesInForce(layers)['producer.id.expiration.ms'];
    }
    resolvedFor = image.configs;
    const overrides = image.configs.get(configKey('topic', topic));
    let settings = resolved.get(overrides);
    if (settings === undefined) {
      const effective = resolveTopicConfig(overrides, layers);
      const log = { ...logConfigOf(effective), producerIdExpirationMs };
      settings = {
        log,
        minInsyncReplicas: effective['min.insync.replicas'],
        leaderThrottled: throttledReplicas(effective['leader.replication.throttled.replicas']),
        followerThrottled: throttledReplicas(effective['follower.replication.throttled.replicas']),
      };
      resolved.set(overrides, settings);
    }
    return settings;
  };
}

function throttledReplicas(listed: readonly string[]): ThrottledReplicas | undefined {
  if (listed.length === 0) return undefined;
  return listed.includes('*') ? 'all' : new Set(listed);
}

/** Rates of throttled replication under an image; they are only ever changed while the broker runs. */
export function replicationRates(config: BrokerConfig): (image: ClusterImage | undefined) => ReplicationRates {
  let resolvedFor: ClusterImage['configs'] | undefined;
  let rates: ReplicationRates = { leader: undefined, follower: undefined };
  return (image = emptyClusterImage) => {
    if (resolvedFor !== image.configs) {
      resolvedFor = image.configs;
      const layers = brokerLayers(config, config.nodeId, image);
      const rateOf = (side: 'leader' | 'follower') =>
        throttledRateInForce(`${side}.replication.throttled.rate`, layers);
      rates = { leader: rateOf('leader'), follower: rateOf('follower') };
    }
    return rates;
  };
}

/** The cleaner's settings under an image; those that may change while the broker runs do. */
export function cleanerSettings(config: BrokerConfig): (image: ClusterImage | undefined) => CleanerSettings {
  let resolvedFor: ClusterImage['configs'] | undefined;
  let settings: CleanerSettings | undefined;
  return (image = emptyClusterImage) => {
    if (settings !== undefined && resolvedFor === image.configs) return settings;
    resolvedFor = image.configs;
    const values = brokerValuesInForce(brokerLayers(config, config.nodeId, image));
    settings = {
      isEnabled: values['log.cleaner.enable'],
      threads: values['log.cleaner.threads'],
      dedupeBufferBytes: values['log.cleaner.dedupe.buffer.size'],
      loadFactor: values['log.cleaner.io.buffer.load.factor'],
      ioBufferBytes: values['log.cleaner.io.buffer.size'],
      ioMaxBytesPerSecond: values['log.cleaner.io.max.bytes.per.second'],
      backoffMs: values['log.cleaner.backoff.ms'],
    };
    return settings;
  };
}

/** The groups' settings; `valuesInForce` gives those that may change while the broker runs. */
export function groupConfigOf(
  { values }: BrokerConfig,
  valuesInForce: () => BrokerConfig['values'] = () => values,
): GroupConfig {
  return {
    ...defaultGroupConfig,
    initialRebalanceDelayMs: values['group.initial.rebalance.delay.ms'],
    minSessionTimeoutMs: values['group.min.session.timeout.ms'],
    maxSessionTimeoutMs: values['group.max.session.timeout.ms'],
    maxSize: values['group.max.size'],
    offsetMetadataMaxBytes: values['offset.metadata.max.bytes'],
    offsetsRetentionMs: values['offsets.retention.minutes'] * 60_000,
    consumer: consumerGroupConfigOf(values, valuesInForce),
  };
}

function consumerGroupConfigOf(
  values: BrokerConfig['values'],
  valuesInForce: () => BrokerConfig['values'],
): ConsumerGroupConfig {
  return {
    sessionTimeoutMs: values['group.consumer.session.timeout.ms'],
    minSessionTimeoutMs: values['group.consumer.min.session.timeout.ms'],
    maxSessionTimeoutMs: values['group.consumer.max.session.timeout.ms'],
    heartbeatIntervalMs: values['group.consumer.heartbeat.interval.ms'],
    minHeartbeatIntervalMs: values['group.consumer.min.heartbeat.interval.ms'],
    maxHeartbeatIntervalMs: values['group.consumer.max.heartbeat.interval.ms'],
    get assignmentIntervalMs() {
      return valuesInForce()['group.consumer.assignment.interval.ms'];
    },
    minAssignmentIntervalMs: values['group.consumer.min.assignment.interval.ms'],
    maxAssignmentIntervalMs: values['group.consumer.max.assignment.interval.ms'],
    maxSize: values['group.consumer.max.size'],
    assignors: values['group.consumer.assignors'],
    // The definition lets nothing else in.
    migrationPolicy: values['group.consumer.migration.policy'].toLowerCase() as MigrationPolicy,
    regexRefreshIntervalMs: values['group.consumer.regex.refresh.interval.ms'],
  };
}

/** The selector of `replica.selector.class` that sends consumers to replicas in their rack (KIP-392). */
const RACK_AWARE_SELECTOR = 'org.apache.kafka.common.replica.RackAwareReplicaSelector';

export function replicationSettings({ values }: BrokerConfig): ReplicationSettings {
  return {
    lagTimeMaxMs: values['replica.lag.time.max.ms'],
    selectsByRack: values['replica.selector.class'] === RACK_AWARE_SELECTOR,
    fetch: {
      lanesPerLeader: values['num.replica.fetchers'],
      waitMaxMs: values['replica.fetch.wait.max.ms'],
      minBytes: values['replica.fetch.min.bytes'],
      partitionMaxBytes: values['replica.fetch.max.bytes'],
      responseMaxBytes: values['replica.fetch.response.max.bytes'],
      backoffMs: values['replica.fetch.backoff.ms'],
      timeoutMs: values['replica.socket.timeout.ms'],
    },
  };
}

export function housekeepingIntervals({ values }: BrokerConfig): Partial<HousekeepingIntervals> {
  return {
    highWatermarkCheckpointMs: values['replica.high.watermark.checkpoint.interval.ms'],
    recoveryCheckpointMs: values['log.flush.offset.checkpoint.interval.ms'],
    startCheckpointMs: values['log.flush.start.offset.checkpoint.interval.ms'],
    initialDelayMs: values['log.initial.task.delay.ms'],
    retentionCheckMs: values['log.retention.check.interval.ms'],
    producerExpirationCheckMs: values['producer.id.expiration.check.interval.ms'],
  };
}
