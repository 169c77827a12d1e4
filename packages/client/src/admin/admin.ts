import type { Acl, AclFilter, DescribedAcl } from './acl.ts';
import { addRaftVoter, type NewRaftVoter, type RaftVoter } from './add-raft-voter.ts';
import type { AdminOptions, ChangeOptions } from './admin-options.ts';
import { alterClientQuotas, type QuotaChange } from './alter-client-quotas.ts';
import { alterUserScramCredentials, type ScramCredentialChange } from './alter-user-scram-credentials.ts';
import { createAcls } from './create-acls.ts';
import { createDelegationToken, type NewDelegationToken } from './create-delegation-token.ts';
import type { DelegationToken, Principal } from './delegation-token.ts';
import { deleteAcls } from './delete-acls.ts';
import { describeAcls } from './describe-acls.ts';
import { type ClientQuota, describeClientQuotas, type QuotaFilter } from './describe-client-quotas.ts';
import { type ClusterDescription, describeCluster, type DescribeClusterOptions } from './describe-cluster.ts';
import { describeDelegationTokens } from './describe-delegation-tokens.ts';
import { type DescribedFeatures, describeFeatures } from './describe-features.ts';
import { describeQuorum, type QuorumDescription } from './describe-quorum.ts';
import { describeUserScramCredentials, type UserScramCredentials } from './describe-user-scram-credentials.ts';
import { expireDelegationToken } from './expire-delegation-token.ts';
import { GroupAdmin } from './group-admin.ts';
import { removeRaftVoter } from './remove-raft-voter.ts';
import { renewDelegationToken } from './renew-delegation-token.ts';
import { unregisterBroker } from './unregister-broker.ts';
import { type FeatureUpdate, updateFeatures } from './update-features.ts';

/**
 * Everything that administers a cluster: topics (`TopicAdmin`), groups and transactions (`GroupAdmin`), access, quotas and the cluster
 * itself. Each call finds the broker that it is for, and is tried again while that may help. Where one of several things asked for
 * fails, the call rejects with a `KafkaItemsError`, after all were tried: its `items` tell of each.
 */
export class Admin extends GroupAdmin {
  /** Brokers, controller and id of the cluster. */
  describeCluster(options: DescribeClusterOptions = {}): Promise<ClusterDescription> {
    return describeCluster(this.cluster, options);
  }

  /** Forgets a broker that will not come back. Rejects with BROKER_ID_NOT_REGISTERED. */
  unregisterBroker(brokerId: number, options: AdminOptions = {}): Promise<void> {
    return unregisterBroker(this.cluster, brokerId, options);
  }

  /** The levels of features that the cluster has agreed on, and those that its brokers know. */
  describeFeatures(options: AdminOptions = {}): Promise<DescribedFeatures> {
    return describeFeatures(this.cluster, options);
  }

  /** Changes levels of features. Rejects with FEATURE_UPDATE_FAILED, INVALID_UPDATE_VERSION. */
  updateFeatures(updates: readonly FeatureUpdate[], options: ChangeOptions = {}): Promise<void> {
    return updateFeatures(this.cluster, updates, options);
  }

  /** The controllers that hold the cluster's metadata. Rejects with UNSUPPORTED_VERSION where it is not held by Raft. */
  describeQuorum(options: AdminOptions = {}): Promise<QuorumDescription> {
    return describeQuorum(this.cluster, options);
  }

  /** Adds a controller to the quorum. Rejects with DUPLICATE_VOTER and others. */
  addRaftVoter(voter: NewRaftVoter, options: AdminOptions = {}): Promise<void> {
    return addRaftVoter(this.cluster, voter, options);
  }

  /** Removes a controller from the quorum. Rejects with VOTER_NOT_FOUND. */
  removeRaftVoter(voter: RaftVoter, options: AdminOptions = {}): Promise<void> {
    return removeRaftVoter(this.cluster, voter, options);
  }

  /** Adds access control entries. Rejects with SECURITY_DISABLED where brokers have no authorizer. */
  createAcls(acls: readonly Acl[], options: AdminOptions = {}): Promise<void> {
    return createAcls(this.cluster, acls, options);
  }

  /** The access control entries that a filter matches; all by default. */
  describeAcls(filter: AclFilter = {}, options: AdminOptions = {}): Promise<DescribedAcl[]> {
    return describeAcls(this.cluster, filter, options);
  }

  /** Deletes the access control entries that filters match, and gives those of each filter. */
  deleteAcls(filters: readonly AclFilter[], options: AdminOptions = {}): Promise<DescribedAcl[][]> {
    return deleteAcls(this.cluster, filters, options);
  }

  /** What users can authenticate with by SCRAM (KIP-554): these, or all. Rejects with RESOURCE_NOT_FOUND for one who has nothing. */
  describeUserScramCredentials(
    users: readonly string[] | undefined = undefined,
    options: AdminOptions = {},
  ): Promise<UserScramCredentials[]> {
    return describeUserScramCredentials(this.cluster, users, options);
  }

  /** Sets and deletes users' SCRAM credentials (KIP-554). Passwords are salted and hashed here, and do not leave this process. */
  alterUserScramCredentials(changes: readonly ScramCredentialChange[], options: AdminOptions = {}): Promise<void> {
    return alterUserScramCredentials(this.cluster, this.cluster.options.crypto, changes, options);
  }

  /** Quotas that are set for users, client ids and addresses; all by default. */
  describeClientQuotas(filter: QuotaFilter = {}, options: AdminOptions = {}): Promise<ClientQuota[]> {
    return describeClientQuotas(this.cluster, filter, options);
  }

  /** Sets and removes quotas. */
  alterClientQuotas(changes: readonly QuotaChange[], options: ChangeOptions = {}): Promise<void> {
    return alterClientQuotas(this.cluster, changes, options);
  }

  /** Makes a token that stands for its owner: see `ScramOptions.isDelegationToken` for how it is used. */
  createDelegationToken(options: NewDelegationToken = {}): Promise<DelegationToken> {
    return createDelegationToken(this.cluster, options);
  }

  /** The tokens that the caller may see: those of these owners, or of all. */
  describeDelegationTokens(
    owners: readonly Principal[] | undefined = undefined,
    options: AdminOptions = {},
  ): Promise<DelegationToken[]> {
    return describeDelegationTokens(this.cluster, owners, options);
  }

  /** Prolongs a token by this long (-1: as the broker likes), and gives its new end in milliseconds since the epoch. */
  renewDelegationToken(hmac: Uint8Array, renewPeriodMs = -1, options: AdminOptions = {}): Promise<number> {
    return renewDelegationToken(this.cluster, hmac, renewPeriodMs, options);
  }

  /** Has a token end after this long (-1: at once), and gives its end in milliseconds since the epoch. */
  expireDelegationToken(hmac: Uint8Array, expiryTimePeriodMs = -1, options: AdminOptions = {}): Promise<number> {
    return expireDelegationToken(this.cluster, hmac, expiryTimePeriodMs, options);
  }
}
