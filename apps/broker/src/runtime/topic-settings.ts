import type { ClusterImage } from '../core/metadata/image.ts';
import type { PartitionSettings } from '../core/partition/partition.ts';
import type { LogConfig } from '../storage/log-config.ts';

/** Replicas as `partition:broker`, or all of the topic. */
export type ThrottledReplicas = 'all' | ReadonlySet<string>;

/** What a topic's effective config says to its replicas. */
export interface TopicSettings {
  readonly log: LogConfig;
  /** min.insync.replicas */
  readonly minInsyncReplicas: number;
  /** leader.replication.throttled.replicas; undefined: none. */
  readonly leaderThrottled?: ThrottledReplicas | undefined;
  /** follower.replication.throttled.replicas; undefined: none. */
  readonly followerThrottled?: ThrottledReplicas | undefined;
}

/** The effective settings of a topic under an image; resolved by the composition root, which knows the broker's own config. */
export type TopicSettingsOf = (topic: string, image: ClusterImage | undefined) => TopicSettings;

/** What the partition machine needs of them. */
export function partitionSettings(settings: TopicSettings): PartitionSettings {
  return { minInsyncReplicas: settings.minInsyncReplicas, flushEveryMessage: settings.log.flushMessages === 1 };
}
