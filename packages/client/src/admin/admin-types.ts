/** What the admin calls take and give. */
export type { GroupDescription, GroupListing, GroupMember, StreamsTask } from '../groups/describe-groups.ts';
export type { CommittedOffset, OffsetToCommit } from '../groups/group-offsets.ts';
export type { MemberToRemove, RemoveMembersOptions } from '../groups/remove-group-members.ts';
export type { ShareGroupOffset } from '../groups/share-group-offsets.ts';
export type { HangingTransaction } from './abort-transaction.ts';
export type {
  Acl,
  AclFilter,
  AclOperation,
  AclPatternType,
  AclPermission,
  AclResourceType,
  DescribedAcl,
} from './acl.ts';
export type { NewRaftVoter, RaftVoter } from './add-raft-voter.ts';
export type { Admin } from './admin.ts';
export type { AdminOptions, ChangeOptions } from './admin-options.ts';
export type { QuotaChange } from './alter-client-quotas.ts';
export type { ConfigChanges } from './alter-configs.ts';
export type { NewReassignment, ReassignmentOptions } from './alter-partition-reassignments.ts';
export type { ReplicaMove } from './alter-replica-log-dirs.ts';
export type { ScramCredentialChange, ScramMechanism } from './alter-user-scram-credentials.ts';
export type { QuotaEntity, QuotaValues } from './client-quota.ts';
export type { ConfigResourceName, ConfigResourceType } from './config-resource.ts';
export type { NewDelegationToken } from './create-delegation-token.ts';
export type { NewPartitions } from './create-partitions.ts';
export type { CreatedTopic, NewTopic, NewTopicOptions } from './create-topics.ts';
export type { DelegationToken, Principal } from './delegation-token.ts';
export type { DeletedRecords, RecordsToDelete } from './delete-records.ts';
export type { TopicById } from './delete-topics.ts';
export type { ClientQuota, QuotaFilter } from './describe-client-quotas.ts';
export type { BrokerDescription, ClusterDescription, DescribeClusterOptions } from './describe-cluster.ts';
export type {
  ConfigEntry,
  ConfigResource,
  ConfigSynonym,
  DescribeConfigsOptions,
  DescribedConfigs,
} from './describe-configs.ts';
export type { DescribedFeatures, FeatureDescription, FeatureRange } from './describe-features.ts';
export type { DescribeLogDirsOptions, LogDirDescription, LogDirReplica } from './describe-log-dirs.ts';
export type { ActiveProducer, DescribeProducersOptions, PartitionProducers } from './describe-producers.ts';
export type { QuorumDescription, QuorumNode, QuorumReplica } from './describe-quorum.ts';
export type { PartitionDescription, TopicDescription, TopicListing } from './describe-topics.ts';
export type { TransactionDescription } from './describe-transactions.ts';
export type { UserScramCredentials } from './describe-user-scram-credentials.ts';
export type { Election, ElectionType } from './elect-leaders.ts';
export type { FencedProducer } from './fence-producers.ts';
export type { ListConfigResourcesOptions } from './list-config-resources.ts';
export type { PartitionReassignment } from './list-partition-reassignments.ts';
export type { ListTransactionsOptions, TransactionListing } from './list-transactions.ts';
export type { FeatureUpdate, FeatureUpgradeType } from './update-features.ts';
