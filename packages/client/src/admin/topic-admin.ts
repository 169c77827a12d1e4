import type { Cluster } from '../cluster.ts';
import {
  type ListedOffset,
  type ListOffsetsOptions,
  listOffsets,
  type OffsetQuery,
  type TopicPartition,
} from '../offsets/list-offsets.ts';
import type { AnyTopic } from '../topic/topic.ts';
import type { AdminOptions, ChangeOptions } from './admin-options.ts';
import { type ConfigChanges, alterConfigs } from './alter-configs.ts';
import {
  alterPartitionReassignments,
  type NewReassignment,
  type ReassignmentOptions,
} from './alter-partition-reassignments.ts';
import { alterReplicaLogDirs, type ReplicaMove } from './alter-replica-log-dirs.ts';
import type { ConfigResourceName } from './config-resource.ts';
import { createPartitions, type NewPartitions } from './create-partitions.ts';
import { type CreatedTopic, createTopics, type NewTopic, type NewTopicOptions } from './create-topics.ts';
import { type DeletedRecords, deleteRecords, type RecordsToDelete } from './delete-records.ts';
import { deleteTopics, type TopicById } from './delete-topics.ts';
import {
  type ConfigResource,
  type DescribeConfigsOptions,
  type DescribedConfigs,
  describeConfigs,
} from './describe-configs.ts';
import { type DescribeLogDirsOptions, describeLogDirs, type LogDirDescription } from './describe-log-dirs.ts';
import { describeTopics, listTopics, type TopicDescription, type TopicListing } from './describe-topics.ts';
import { type Election, type ElectionType, electLeaders } from './elect-leaders.ts';
import { listConfigResources, type ListConfigResourcesOptions } from './list-config-resources.ts';
import { listPartitionReassignments, type PartitionReassignment } from './list-partition-reassignments.ts';

/** The admin calls for topics, their records, replicas and configurations. */
export class TopicAdmin {
  protected readonly cluster: Cluster;

  constructor(cluster: Cluster) {
    this.cluster = cluster;
  }

  /** Creates one topic. Rejects with TOPIC_ALREADY_EXISTS and others. */
  async createTopic(
    topic: AnyTopic | string,
    options: NewTopicOptions & ChangeOptions = {},
  ): Promise<CreatedTopic | undefined> {
    const [created] = await createTopics(this.cluster, [{ ...options, topic }], options);
    return created;
  }

  createTopics(topics: readonly NewTopic[], options: ChangeOptions = {}): Promise<CreatedTopic[]> {
    return createTopics(this.cluster, topics, options);
  }

  /** Deletes topics with their records, by name or by id. Rejects with UNKNOWN_TOPIC_OR_PARTITION and others. */
  deleteTopics(topics: readonly (AnyTopic | string | TopicById)[], options: AdminOptions = {}): Promise<void> {
    return deleteTopics(this.cluster, topics, options);
  }

  /** All topics that the caller may see, by name; those that brokers keep for themselves only where asked for. */
  listTopics(options: AdminOptions & { readonly includeInternal?: boolean | undefined } = {}): Promise<TopicListing[]> {
    return listTopics(this.cluster, options);
  }

  /** Partitions, leaders and replicas of topics, and their configuration where asked for. */
  describeTopics(
    topics: readonly (AnyTopic | string)[],
    options: AdminOptions & { readonly includeConfigs?: boolean | undefined } = {},
  ): Promise<TopicDescription[]> {
    return describeTopics(this.cluster, topics, options);
  }

  /** Raises the number of partitions of topics. Keys may map to other partitions from then on. */
  createPartitions(topics: readonly NewPartitions[], options: ChangeOptions = {}): Promise<void> {
    return createPartitions(this.cluster, topics, options);
  }

  /** Deletes records before an offset of partitions. Rejects with OFFSET_OUT_OF_RANGE, POLICY_VIOLATION (compacted topics). */
  deleteRecords(records: readonly RecordsToDelete[], options: AdminOptions = {}): Promise<DeletedRecords[]> {
    return deleteRecords(this.cluster, records, options);
  }

  /** Offsets of partitions by beginning, end, time or greatest timestamp, in the order asked for. */
  listOffsets(queries: readonly OffsetQuery[], options: ListOffsetsOptions = {}): Promise<ListedOffset[]> {
    return listOffsets(this.cluster, queries, options);
  }

  /** Configurations of topics, brokers, groups and client metrics subscriptions, with where their values come from. */
  describeConfigs(
    resources: readonly ConfigResource[],
    options: DescribeConfigsOptions = {},
  ): Promise<DescribedConfigs[]> {
    return describeConfigs(this.cluster, resources, options);
  }

  /** Changes single configurations; what is not named stays (KIP-339). Rejects with INVALID_CONFIG and others. */
  alterConfigs(changes: readonly ConfigChanges[], options: ChangeOptions = {}): Promise<void> {
    return alterConfigs(this.cluster, changes, options);
  }

  /** What has configurations of its own: client metrics subscriptions (Kafka 3.7), topics, groups, brokers (4.1). */
  listConfigResources(options: ListConfigResourcesOptions = {}): Promise<ConfigResourceName[]> {
    return listConfigResources(this.cluster, options);
  }

  /** The log directories of brokers, and the sizes of replicas. */
  describeLogDirs(options: DescribeLogDirsOptions = {}): Promise<LogDirDescription[]> {
    return describeLogDirs(this.cluster, options);
  }

  /** Moves replicas between log directories of their brokers. Rejects with LOG_DIR_NOT_FOUND and others. */
  alterReplicaLogDirs(moves: readonly ReplicaMove[], options: AdminOptions = {}): Promise<void> {
    return alterReplicaLogDirs(this.cluster, moves, options);
  }

  /** Elects leaders of partitions, or of all that need it. Rejects with PREFERRED_LEADER_NOT_AVAILABLE and others. */
  electLeaders(
    type: ElectionType,
    partitions: readonly TopicPartition[] | undefined = undefined,
    options: AdminOptions = {},
  ): Promise<Election[]> {
    return electLeaders(this.cluster, type, partitions, options);
  }

  /** Begins or ends moves of partitions between brokers. Rejects with INVALID_REPLICA_ASSIGNMENT, NO_REASSIGNMENT_IN_PROGRESS. */
  alterPartitionReassignments(
    reassignments: readonly NewReassignment[],
    options: ReassignmentOptions = {},
  ): Promise<void> {
    return alterPartitionReassignments(this.cluster, reassignments, options);
  }

  /** The moves that are under way: of these partitions, or of all. */
  listPartitionReassignments(
    partitions: readonly TopicPartition[] | undefined = undefined,
    options: AdminOptions = {},
  ): Promise<PartitionReassignment[]> {
    return listPartitionReassignments(this.cluster, partitions, options);
  }
}
