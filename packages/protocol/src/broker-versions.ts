import { ApiKey } from './api-keys.ts';

/** An inclusive range of versions. */
export interface VersionRange {
  readonly min: number;
  readonly max: number;
}

/** The release whose ranges a ks broker offers. */
export const brokerRelease = '4.4';

const served: readonly (readonly [key: number, min: number, max: number])[] = [
  [ApiKey.Produce, 3, 13],
  [ApiKey.Fetch, 4, 18],
  [ApiKey.ListOffsets, 1, 11],
  [ApiKey.Metadata, 0, 13],
  [ApiKey.OffsetCommit, 2, 10],
  [ApiKey.OffsetFetch, 1, 10],
  [ApiKey.FindCoordinator, 0, 6],
  [ApiKey.JoinGroup, 0, 9],
  [ApiKey.Heartbeat, 0, 4],
  [ApiKey.LeaveGroup, 0, 5],
  [ApiKey.SyncGroup, 0, 5],
  [ApiKey.DescribeGroups, 0, 6],
  [ApiKey.ListGroups, 0, 5],
  [ApiKey.SaslHandshake, 0, 1],
  [ApiKey.ApiVersions, 0, 5],
  [ApiKey.CreateTopics, 2, 7],
  [ApiKey.DeleteTopics, 1, 6],
  [ApiKey.DeleteRecords, 0, 2],
  [ApiKey.InitProducerId, 0, 5],
  [ApiKey.OffsetForLeaderEpoch, 2, 4],
  [ApiKey.AddPartitionsToTxn, 0, 5],
  [ApiKey.AddOffsetsToTxn, 0, 4],
  [ApiKey.EndTxn, 0, 5],
  [ApiKey.WriteTxnMarkers, 1, 2],
  [ApiKey.TxnOffsetCommit, 0, 6],
  [ApiKey.DescribeAcls, 1, 3],
  [ApiKey.CreateAcls, 1, 3],
  [ApiKey.DeleteAcls, 1, 3],
  [ApiKey.DescribeConfigs, 1, 4],
  [ApiKey.AlterConfigs, 0, 2],
  [ApiKey.AlterReplicaLogDirs, 1, 2],
  [ApiKey.DescribeLogDirs, 1, 5],
  [ApiKey.SaslAuthenticate, 0, 2],
  [ApiKey.CreatePartitions, 0, 3],
  [ApiKey.CreateDelegationToken, 1, 3],
  [ApiKey.RenewDelegationToken, 1, 2],
  [ApiKey.ExpireDelegationToken, 1, 2],
  [ApiKey.DescribeDelegationToken, 1, 3],
  [ApiKey.DeleteGroups, 0, 3],
  [ApiKey.ElectLeaders, 0, 2],
  [ApiKey.IncrementalAlterConfigs, 0, 1],
  [ApiKey.AlterPartitionReassignments, 0, 1],
  [ApiKey.ListPartitionReassignments, 0, 0],
  [ApiKey.OffsetDelete, 0, 0],
  [ApiKey.DescribeClientQuotas, 0, 1],
  [ApiKey.AlterClientQuotas, 0, 1],
  [ApiKey.DescribeUserScramCredentials, 0, 0],
  [ApiKey.AlterUserScramCredentials, 0, 0],
  [ApiKey.DescribeQuorum, 0, 2],
  [ApiKey.UpdateFeatures, 0, 2],
  [ApiKey.DescribeCluster, 0, 2],
  [ApiKey.DescribeProducers, 0, 0],
  [ApiKey.UnregisterBroker, 0, 0],
  [ApiKey.DescribeTransactions, 0, 0],
  [ApiKey.ListTransactions, 0, 2],
  [ApiKey.ConsumerGroupHeartbeat, 0, 1],
  [ApiKey.ConsumerGroupDescribe, 0, 1],
  [ApiKey.GetTelemetrySubscriptions, 0, 0],
  [ApiKey.PushTelemetry, 0, 0],
  [ApiKey.ListConfigResources, 0, 1],
  [ApiKey.DescribeTopicPartitions, 0, 0],
  [ApiKey.ShareGroupHeartbeat, 1, 1],
  [ApiKey.ShareGroupDescribe, 1, 1],
  [ApiKey.ShareFetch, 1, 2],
  [ApiKey.ShareAcknowledge, 1, 2],
  [ApiKey.AddRaftVoter, 0, 1],
  [ApiKey.RemoveRaftVoter, 0, 0],
  [ApiKey.InitializeShareGroupState, 0, 0],
  [ApiKey.ReadShareGroupState, 0, 0],
  [ApiKey.WriteShareGroupState, 0, 1],
  [ApiKey.DeleteShareGroupState, 0, 0],
  [ApiKey.ReadShareGroupStateSummary, 0, 1],
  [ApiKey.StreamsGroupHeartbeat, 0, 1],
  [ApiKey.StreamsGroupDescribe, 0, 1],
  [ApiKey.DescribeShareGroupOffsets, 0, 1],
  [ApiKey.AlterShareGroupOffsets, 0, 0],
  [ApiKey.DeleteShareGroupOffsets, 0, 0],
  [ApiKey.StreamsGroupTopologyDescriptionUpdate, 0, 0],
  [ApiKey.UnregisterController, 0, 0],
];

/** What a broker of that release serves, by API key. */
export const brokerVersions: ReadonlyMap<number, VersionRange> = new Map(
  served.map(([key, min, max]) => [key, { min, max }]),
);

/**
 * What it says that it serves. Produce is advertised from 0 on though 0 to 2 are refused: librdkafka before 2.11.1 takes a
 * higher minimum for a broker without compression and silently sends gzip, snappy and lz4 uncompressed.
 */
export const advertisedVersions: ReadonlyMap<number, VersionRange> = new Map(
  served.map(([key, min, max]) => [key, { min: key === ApiKey.Produce ? 0 : min, max }]),
);
