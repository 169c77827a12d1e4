import type { BrokerConfig } from '../config/broker-config.ts';
import type { BrokerLayers } from '../config/config-entry.ts';
import { resolveTopicConfig, topicConfigFault, topicJointFault } from '../config/topic-config.ts';
import type { ElectionRules } from '../core/controller/elections.ts';
import type { PlanningRules, TopicSpec } from '../core/controller/topics.ts';
import { type ClusterImage, configKey, type TopicImage } from '../core/metadata/image.ts';

/** Topics that this release's brokers create for themselves. */
export type InternalTopicName = '__consumer_offsets' | '__transaction_state';

const internalTopicNames: ReadonlySet<string> = new Set<InternalTopicName>([
  '__consumer_offsets',
  '__transaction_state',
]);

export function isInternalTopicName(name: string): name is InternalTopicName {
  return internalTopicNames.has(name);
}

/** What the broker's configuration says about new topics. */
export function planningRules(config: BrokerConfig, placementStart: number): PlanningRules {
  return {
    defaultPartitionCount: config.values['num.partitions'],
    defaultReplicationFactor: config.values['default.replication.factor'],
    configFault: topicConfigFault,
    jointConfigFault: topicJointFault,
    placementStart,
  };
}

/** An internal topic as it must be. */
export function internalTopicSpec(name: InternalTopicName, config: BrokerConfig, image: ClusterImage): TopicSpec {
  const { values } = config;
  if (name === '__transaction_state') {
    return {
      name,
      partitionCount: values['transaction.state.log.num.partitions'],
      replicationFactor: replicationFactor('transaction.state.log.replication.factor', config, image),
      assignments: [],
      configs: [
        { name: 'cleanup.policy', value: 'compact' },
        { name: 'compression.type', value: 'uncompressed' },
        // An epoch that was given out, or the end of a transaction that was promised, must outlive a power cut.
        { name: 'flush.messages', value: '1' },
        { name: 'min.insync.replicas', value: String(values['transaction.state.log.min.isr']) },
        { name: 'unclean.leader.election.enable', value: 'false' },
        segmentBytes(values['transaction.state.log.segment.bytes']),
      ],
    };
  }
  return {
    name,
    partitionCount: values['offsets.topic.num.partitions'],
    replicationFactor: replicationFactor('offsets.topic.replication.factor', config, image),
    assignments: [],
    configs: [
      { name: 'cleanup.policy', value: 'compact' },
      { name: 'compression.type', value: 'producer' },
      segmentBytes(values['offsets.topic.segment.bytes']),
    ],
  };
}

function segmentBytes(configured: number): { readonly name: string; readonly value: string } {
  return { name: 'segment.bytes', value: String(Math.max(configured, 1048576)) };
}

/** As configured; where nobody configured it, no more than there are brokers, so that one broker needs no configuration. */
function replicationFactor(
  key: 'offsets.topic.replication.factor' | 'transaction.state.log.replication.factor',
  config: BrokerConfig,
  image: ClusterImage,
): number {
  const wanted = config.values[key];
  if (config.explicit.has(key)) return wanted;
  const alive = [...image.brokers.values()].filter((broker) => !broker.fenced).length;
  return Math.max(1, Math.min(wanted, alive));
}

/** The dynamic and static layers below a topic's own configuration, for one broker. */
export function brokerLayers(config: BrokerConfig, brokerId: number, image: ClusterImage): BrokerLayers {
  const dynamic = image.configs.get(configKey('broker', String(brokerId)));
  const dynamicDefault = image.configs.get(configKey('broker', ''));
  return {
    config,
    ...(dynamic === undefined ? {} : { dynamic }),
    ...(dynamicDefault === undefined ? {} : { dynamicDefault }),
  };
}

/** How often leadership goes back to preferred replicas; undefined: only when somebody asks. */
export function preferredLeadersEveryMs({ values }: BrokerConfig): number | undefined {
  return values['auto.leader.rebalance.enable'] ? values['leader.imbalance.check.interval.seconds'] * 1000 : undefined;
}

/** What topics' effective configuration says about elections. Topics without overrides are resolved once per image. */
export function electionRules(
  config: BrokerConfig,
  brokerId: number,
): (topic: TopicImage, image: ClusterImage) => ElectionRules {
  let resolvedFor: ClusterImage['configs'] | undefined;
  const resolved = new Map<ReadonlyMap<string, string> | undefined, { minInsync: number; unclean: boolean }>();
  return (topic, image) => {
    if (resolvedFor !== image.configs) resolved.clear();
    resolvedFor = image.configs;
    const overrides = image.configs.get(configKey('topic', topic.name));
    let rules = resolved.get(overrides);
    if (rules === undefined) {
      const effective = resolveTopicConfig(overrides, brokerLayers(config, brokerId, image));
      rules = { minInsync: effective['min.insync.replicas'], unclean: effective['unclean.leader.election.enable'] };
      resolved.set(overrides, rules);
    }
    const replicas = topic.partitions[0]?.replicas.length ?? 1;
    return { minInsyncReplicas: Math.min(rules.minInsync, replicas), uncleanLeaderElection: rules.unclean };
  };
}
