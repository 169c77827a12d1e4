/** Limits and periods of groups; times in milliseconds. Kafka's names where Kafka has one. */
export interface GroupConfig {
  /** group.initial.rebalance.delay.ms */
  readonly initialRebalanceDelayMs: number;
  /** group.min.session.timeout.ms */
  readonly minSessionTimeoutMs: number;
  /** group.max.session.timeout.ms */
  readonly maxSessionTimeoutMs: number;
  /** group.max.size */
  readonly maxSize: number;
  /** offset.metadata.max.bytes */
  readonly offsetMetadataMaxBytes: number;
  /** offsets.retention.minutes */
  readonly offsetsRetentionMs: number;
  /** How many bytes of subscription and user data one member may keep in memory. */
  readonly memberMetadataMaxBytes: number;
  /** How many bytes of subscription and user data a group may keep in memory. */
  readonly groupMetadataMaxBytes: number;
  /** Member ids handed out (error 79) but not yet joined, per group. */
  readonly pendingMembersMax: number;
  readonly consumer: ConsumerGroupConfig;
}

/** Limits and periods of consumer groups (KIP-848); times in milliseconds. */
export interface ConsumerGroupConfig extends ConsumerGroupPeriods {
  /** group.consumer.min.session.timeout.ms */
  readonly minSessionTimeoutMs: number;
  /** group.consumer.max.session.timeout.ms */
  readonly maxSessionTimeoutMs: number;
  /** group.consumer.min.heartbeat.interval.ms */
  readonly minHeartbeatIntervalMs: number;
  /** group.consumer.max.heartbeat.interval.ms */
  readonly maxHeartbeatIntervalMs: number;
  /** group.consumer.min.assignment.interval.ms */
  readonly minAssignmentIntervalMs: number;
  /** group.consumer.max.assignment.interval.ms */
  readonly maxAssignmentIntervalMs: number;
  /** group.consumer.max.size */
  readonly maxSize: number;
  /** group.consumer.assignors: names; the first is the one for members that ask for none. */
  readonly assignors: readonly string[];
  /** group.consumer.migration.policy */
  readonly migrationPolicy: MigrationPolicy;
  /** group.consumer.regex.refresh.interval.ms */
  readonly regexRefreshIntervalMs: number;
}

/** What a group's own configuration can set. */
export interface ConsumerGroupPeriods {
  /** group.consumer.session.timeout.ms, or the group's consumer.session.timeout.ms */
  readonly sessionTimeoutMs: number;
  /** group.consumer.heartbeat.interval.ms, or the group's consumer.heartbeat.interval.ms */
  readonly heartbeatIntervalMs: number;
  /** group.consumer.assignment.interval.ms, or the group's consumer.assignment.interval.ms: least time between two assignments. */
  readonly assignmentIntervalMs: number;
}

/** Which way a group with members may change its protocol. */
export type MigrationPolicy = 'disabled' | 'upgrade' | 'downgrade' | 'bidirectional';

const defaultConsumerConfig: ConsumerGroupConfig = {
  sessionTimeoutMs: 45_000,
  minSessionTimeoutMs: 45_000,
  maxSessionTimeoutMs: 60_000,
  heartbeatIntervalMs: 5000,
  minHeartbeatIntervalMs: 5000,
  maxHeartbeatIntervalMs: 15_000,
  assignmentIntervalMs: 1000,
  minAssignmentIntervalMs: 0,
  maxAssignmentIntervalMs: 15_000,
  maxSize: 2_147_483_647,
  assignors: ['uniform', 'range'],
  migrationPolicy: 'bidirectional',
  regexRefreshIntervalMs: 600_000,
};

/** Kafka's defaults; memory and pending members are ks's own bounds. */
export const defaultGroupConfig: GroupConfig = {
  initialRebalanceDelayMs: 3000,
  minSessionTimeoutMs: 6000,
  maxSessionTimeoutMs: 1_800_000,
  maxSize: 2_147_483_647,
  offsetMetadataMaxBytes: 4096,
  offsetsRetentionMs: 10_080 * 60_000,
  memberMetadataMaxBytes: 1_000_000,
  groupMetadataMaxBytes: 64 * 1024 * 1024,
  pendingMembersMax: 10_000,
  consumer: defaultConsumerConfig,
};

/** How long a member that has never finished a rebalance may stay silent: it cannot heartbeat while its first join waits. */
export const NEW_MEMBER_JOIN_TIMEOUT_MS = 300_000;
