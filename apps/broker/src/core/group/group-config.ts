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
}

/** Kafka's defaults; the last three are ks's own bounds. */
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
};

/** How long a member that has never finished a rebalance may stay silent: it cannot heartbeat while its first join waits. */
export const NEW_MEMBER_JOIN_TIMEOUT_MS = 300_000;
