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
import { type MemberToRemove, removeGroupMembers, type RemoveMembersOptions } from '../groups/remove-group-members.ts';
import {
  alterShareGroupOffsets,
  deleteShareGroupOffsets,
  describeShareGroupOffsets,
  type ShareGroupOffset,
} from '../groups/share-group-offsets.ts';
import type { TopicPartition } from '../offsets/list-offsets.ts';
import { abortTransaction, type HangingTransaction } from './abort-transaction.ts';
import type { AdminOptions } from './admin-options.ts';
import { describeProducers, type DescribeProducersOptions, type PartitionProducers } from './describe-producers.ts';
import { describeTransactions, type TransactionDescription } from './describe-transactions.ts';
import { type FencedProducer, fenceProducers } from './fence-producers.ts';
import { listTransactions, type ListTransactionsOptions, type TransactionListing } from './list-transactions.ts';
import { TopicAdmin } from './topic-admin.ts';

/** The admin calls for groups, transactions and producers, besides those for topics. */
export class GroupAdmin extends TopicAdmin {
  /** The groups of all brokers, by id; only those in these states and of these types (`classic`, `consumer`) where given. */
  listGroups(
    options: AdminOptions & {
      readonly states?: readonly string[] | undefined;
      readonly types?: readonly string[] | undefined;
    } = {},
  ): Promise<GroupListing[]> {
    return listGroups(this.cluster, options);
  }

  /** Groups of every type with their members and what they are assigned. Rejects with GROUP_ID_NOT_FOUND. */
  describeGroups(groupIds: readonly string[], options: AdminOptions = {}): Promise<GroupDescription[]> {
    return describeGroups(this.cluster, groupIds, options);
  }

  /** Deletes groups that have no members. Rejects with NON_EMPTY_GROUP, GROUP_ID_NOT_FOUND. */
  deleteGroups(groupIds: readonly string[], options: AdminOptions = {}): Promise<void> {
    return deleteGroups(this.cluster, groupIds, options);
  }

  /** Removes members from a group, or all. Those that run may join again. Rejects with UNKNOWN_MEMBER_ID, GROUP_ID_NOT_FOUND. */
  removeGroupMembers(
    groupId: string,
    members: readonly MemberToRemove[] | undefined = undefined,
    options: RemoveMembersOptions = {},
  ): Promise<void> {
    return removeGroupMembers(this.cluster, groupId, members, options);
  }

  /** What a group has committed; a group that does not exist has nothing. */
  listGroupOffsets(groupId: string, options: AdminOptions = {}): Promise<CommittedOffset[]> {
    return fetchOffsets(this.cluster, groupId, undefined, options);
  }

  /** Commits for a group without members, which is made if absent. Rejects with UNKNOWN_MEMBER_ID where it has members. */
  alterGroupOffsets(groupId: string, offsets: readonly OffsetToCommit[], options: AdminOptions = {}): Promise<void> {
    return commitOffsets(this.cluster, groupId, offsets, options);
  }

  /** Deletes what a group has committed for partitions. Rejects with GROUP_SUBSCRIBED_TO_TOPIC where a member reads one. */
  deleteGroupOffsets(
    groupId: string,
    partitions: readonly TopicPartition[],
    options: AdminOptions = {},
  ): Promise<void> {
    return deleteOffsets(this.cluster, groupId, partitions, options);
  }

  /** Where a share group begins in these partitions, or in all it has. */
  describeShareGroupOffsets(
    groupId: string,
    partitions: readonly TopicPartition[] | undefined = undefined,
    options: AdminOptions = {},
  ): Promise<ShareGroupOffset[]> {
    return describeShareGroupOffsets(this.cluster, groupId, partitions, options);
  }

  /** Sets where a share group without members begins. Rejects with NON_EMPTY_GROUP. */
  alterShareGroupOffsets(
    groupId: string,
    offsets: readonly (TopicPartition & { readonly startOffset: number })[],
    options: AdminOptions = {},
  ): Promise<void> {
    return alterShareGroupOffsets(this.cluster, groupId, offsets, options);
  }

  /** Forgets where a share group without members begins in topics. Rejects with NON_EMPTY_GROUP. */
  deleteShareGroupOffsets(groupId: string, topics: readonly string[], options: AdminOptions = {}): Promise<void> {
    return deleteShareGroupOffsets(this.cluster, groupId, topics, options);
  }

  /** What transactional ids are at. Rejects with TRANSACTIONAL_ID_NOT_FOUND. */
  describeTransactions(
    transactionalIds: readonly string[],
    options: AdminOptions = {},
  ): Promise<TransactionDescription[]> {
    return describeTransactions(this.cluster, transactionalIds, options);
  }

  /** The transactional ids of all coordinators, by id. */
  listTransactions(options: ListTransactionsOptions = {}): Promise<TransactionListing[]> {
    return listTransactions(this.cluster, options);
  }

  /** Ends a transaction of one partition that its coordinator has forgotten: see `describeProducers`. */
  abortTransaction(transaction: HangingTransaction, options: AdminOptions = {}): Promise<void> {
    return abortTransaction(this.cluster, transaction, options);
  }

  /** Shuts out the producers of transactional ids; what they have open is aborted. */
  fenceProducers(transactionalIds: readonly string[], options: AdminOptions = {}): Promise<FencedProducer[]> {
    return fenceProducers(this.cluster, transactionalIds, options);
  }

  /** The idempotent and transactional producers that partitions know. */
  describeProducers(
    partitions: readonly TopicPartition[],
    options: DescribeProducersOptions = {},
  ): Promise<PartitionProducers[]> {
    return describeProducers(this.cluster, partitions, options);
  }
}
