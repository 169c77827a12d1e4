import type { Cluster } from '../cluster.ts';
import {
  deleteGroups,
  describeGroups,
  type GroupDescription,
  type GroupListing,
  listGroups,
} from '../groups/describe-groups.ts';
import {
  type CommittedOffset,
  commitOffsets,
  deleteOffsets,
  fetchOffsets,
  type OffsetToCommit,
} from '../groups/group-offsets.ts';
import {
  type ListedOffset,
  type ListOffsetsOptions,
  listOffsets,
  type OffsetQuery,
  type TopicPartition,
} from '../offsets/list-offsets.ts';
import type { AnyTopic } from '../topic/topic.ts';
import { alterUserScramCredentials, type ScramCredentialChange } from './alter-user-scram-credentials.ts';
import { createPartitions, type NewPartitions } from './create-partitions.ts';
import { type CreatedTopic, createTopics, type NewTopic, type NewTopicOptions } from './create-topics.ts';
import { deleteTopics } from './delete-topics.ts';
import { type ClusterDescription, describeCluster } from './describe-cluster.ts';
import { type ConfigResource, type DescribedConfigs, describeConfigs } from './describe-configs.ts';
import { describeTopics, listTopics, type TopicDescription, type TopicListing } from './describe-topics.ts';
import { describeUserScramCredentials, type UserScramCredentials } from './describe-user-scram-credentials.ts';

/** What every call of the admin client takes. */
export interface AdminOptions {
  readonly signal?: AbortSignal | undefined;
}

/** What changes topics takes besides. */
export interface ChangeOptions extends AdminOptions {
  /** Only checks whether it could be done. */
  readonly validateOnly?: boolean | undefined;
}

/**
 * Topics, groups and cluster. Where one of several things asked for fails, the call rejects with the error of the first that failed,
 * after all were tried; ask for one at a time to know of each.
 */
export class Admin {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Creates one topic. Rejects with TOPIC_ALREADY_EXISTS and others. */
  async createTopic(
    topic: AnyTopic | string,
    options: NewTopicOptions & ChangeOptions = {},
  ): Promise<CreatedTopic | undefined> {
    const [created] = await createTopics(this.#cluster, [{ ...options, topic }], options);
    return created;
  }

  createTopics(topics: readonly NewTopic[], options: ChangeOptions = {}): Promise<CreatedTopic[]> {
    return createTopics(this.#cluster, topics, options);
  }

  /** Deletes topics with their records. Rejects with UNKNOWN_TOPIC_OR_PARTITION and others. */
  deleteTopics(topics: readonly (AnyTopic | string)[], options: AdminOptions = {}): Promise<void> {
    return deleteTopics(this.#cluster, topics, options);
  }

  /** All topics that the caller may see, by name; those that brokers keep for themselves only where asked for. */
  listTopics(options: AdminOptions & { readonly includeInternal?: boolean | undefined } = {}): Promise<TopicListing[]> {
    return listTopics(this.#cluster, options);
  }

  /** Partitions, leaders and replicas of topics, and their configuration where asked for. */
  describeTopics(
    topics: readonly (AnyTopic | string)[],
    options: AdminOptions & { readonly includeConfigs?: boolean | undefined } = {},
  ): Promise<TopicDescription[]> {
    return describeTopics(this.#cluster, topics, options);
  }

  /** Raises the number of partitions of topics. Keys may map to other partitions from then on. */
  createPartitions(topics: readonly NewPartitions[], options: ChangeOptions = {}): Promise<void> {
    return createPartitions(this.#cluster, topics, options);
  }

  describeConfigs(resources: readonly ConfigResource[], options: AdminOptions = {}): Promise<DescribedConfigs[]> {
    return describeConfigs(this.#cluster, resources, options);
  }

  /** Offsets of partitions by beginning, end, time or greatest timestamp, in the order asked for. */
  listOffsets(queries: readonly OffsetQuery[], options: ListOffsetsOptions = {}): Promise<ListedOffset[]> {
    return listOffsets(this.#cluster, queries, options);
  }

  /** The groups of all brokers, by id; only those in these states and of these types (`classic`, `consumer`) where given. */
  listGroups(
    options: AdminOptions & {
      readonly states?: readonly string[] | undefined;
      readonly types?: readonly string[] | undefined;
    } = {},
  ): Promise<GroupListing[]> {
    return listGroups(this.#cluster, options);
  }

  /** Groups with their members and what they are assigned. Rejects with GROUP_ID_NOT_FOUND. */
  describeGroups(groupIds: readonly string[], options: AdminOptions = {}): Promise<GroupDescription[]> {
    return describeGroups(this.#cluster, groupIds, options);
  }

  /** Deletes groups that have no members. Rejects with NON_EMPTY_GROUP, GROUP_ID_NOT_FOUND. */
  deleteGroups(groupIds: readonly string[], options: AdminOptions = {}): Promise<void> {
    return deleteGroups(this.#cluster, groupIds, options);
  }

  /** What a group has committed; a group that does not exist has nothing. */
  listGroupOffsets(groupId: string, options: AdminOptions = {}): Promise<CommittedOffset[]> {
    return fetchOffsets(this.#cluster, groupId, undefined, options);
  }

  /** Commits for a group without members, which is made if absent. Rejects with UNKNOWN_MEMBER_ID where it has members. */
  alterGroupOffsets(groupId: string, offsets: readonly OffsetToCommit[], options: AdminOptions = {}): Promise<void> {
    return commitOffsets(this.#cluster, groupId, offsets, options);
  }

  /** Deletes what a group has committed for partitions. Rejects with GROUP_SUBSCRIBED_TO_TOPIC where a member reads one. */
  deleteGroupOffsets(
    groupId: string,
    partitions: readonly TopicPartition[],
    options: AdminOptions = {},
  ): Promise<void> {
    return deleteOffsets(this.#cluster, groupId, partitions, options);
  }

  /** What users can authenticate with by SCRAM (KIP-554): these, or all. Rejects with RESOURCE_NOT_FOUND for one who has nothing. */
  describeUserScramCredentials(
    users: readonly string[] | undefined = undefined,
    options: AdminOptions = {},
  ): Promise<UserScramCredentials[]> {
    return describeUserScramCredentials(this.#cluster, users, options);
  }

  /** Sets and deletes users' SCRAM credentials (KIP-554). Passwords are salted and hashed here, and do not leave this process. */
  alterUserScramCredentials(changes: readonly ScramCredentialChange[], options: AdminOptions = {}): Promise<void> {
    return alterUserScramCredentials(this.#cluster, this.#cluster.options.crypto, changes, options);
  }

  describeCluster(options: AdminOptions = {}): Promise<ClusterDescription> {
    return describeCluster(this.#cluster, options);
  }
}
