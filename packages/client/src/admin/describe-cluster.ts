import { DescribeCluster, ErrorCode, Metadata } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { errorFromCode } from '../kafka-error.ts';
import type { AdminOptions } from './admin.ts';

export interface BrokerDescription {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

export interface ClusterDescription {
  /** Null where the broker is too old to say. */
  readonly clusterId: string | null;
  /** -1 while there is none. */
  readonly controllerId: number;
  readonly brokers: readonly BrokerDescription[];
}

/** By DescribeCluster, or by Metadata where the broker is older than 2.8. */
export async function describeCluster(cluster: Cluster, options: AdminOptions): Promise<ClusterDescription> {
  return cluster.retrying(
    async () => {
      const connection = await cluster.anyConnection(options.signal);
      const isNew = connection.versions.highest(DescribeCluster) !== undefined;
      return isNew ? byDescribeCluster(cluster, options) : byMetadata(cluster, options);
    },
    { signal: options.signal },
  );
}

async function byDescribeCluster(cluster: Cluster, options: AdminOptions): Promise<ClusterDescription> {
  const body = { includeClusterAuthorizedOperations: false };
  const response = await cluster.callAny(DescribeCluster, body, { signal: options.signal });
  if (response.errorCode !== ErrorCode.NONE) throw errorFromCode(response.errorCode, response.errorMessage, {});
  return {
    clusterId: response.clusterId,
    controllerId: response.controllerId,
    brokers: response.brokers.map(({ brokerId, host, port, rack }) => ({ nodeId: brokerId, host, port, rack })),
  };
}

async function byMetadata(cluster: Cluster, options: AdminOptions): Promise<ClusterDescription> {
  const body = { topics: [], allowAutoTopicCreation: false };
  const { clusterId, controllerId, brokers } = await cluster.callAny(Metadata, body, {
    signal: options.signal,
    atLeast: 4,
  });
  return { clusterId, controllerId, brokers };
}
