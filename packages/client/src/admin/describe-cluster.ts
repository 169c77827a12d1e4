import { DescribeCluster, Metadata } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { type AclOperation, operationsOf } from './acl.ts';
import type { AdminOptions } from './admin-options.ts';
import { throwIfFailed } from './items.ts';

export interface BrokerDescription {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
  /** Whether it is registered but does not serve; only where that was asked for (KIP-1073). */
  readonly isFenced?: boolean | undefined;
}

export interface ClusterDescription {
  /** Null where the broker is too old to say. */
  readonly clusterId: string | null;
  /** -1 while there is none. */
  readonly controllerId: number;
  readonly brokers: readonly BrokerDescription[];
  /** What the caller may do with the cluster; undefined unless it was asked for (KIP-430). */
  readonly authorizedOperations?: readonly AclOperation[] | undefined;
}

export interface DescribeClusterOptions extends AdminOptions {
  readonly includeAuthorizedOperations?: boolean | undefined;
  readonly includeFencedBrokers?: boolean | undefined;
}

/** Fenced brokers came with this version. */
const FENCED_SINCE = 2;

/** By DescribeCluster, or by Metadata where the broker is older than 2.8. */
export async function describeCluster(cluster: Cluster, options: DescribeClusterOptions): Promise<ClusterDescription> {
  return cluster.retrying(
    async () => {
      const connection = await cluster.anyConnection(options.signal);
      const isNew = connection.versions.highest(DescribeCluster) !== undefined;
      const needsNew = options.includeFencedBrokers === true || options.includeAuthorizedOperations === true;
      return isNew || needsNew ? byDescribeCluster(cluster, options) : byMetadata(cluster, options);
    },
    { signal: options.signal },
  );
}

async function byDescribeCluster(cluster: Cluster, options: DescribeClusterOptions): Promise<ClusterDescription> {
  const { signal, includeAuthorizedOperations = false, includeFencedBrokers = false } = options;
  const response = await cluster.callAny(
    DescribeCluster,
    (version) => ({
      includeClusterAuthorizedOperations: includeAuthorizedOperations,
      ...(version >= FENCED_SINCE ? { includeFencedBrokers } : {}),
    }),
    { signal, atLeast: includeFencedBrokers ? FENCED_SINCE : 0 },
  );
  throwIfFailed(response);
  const { clusterId, controllerId } = response;
  const brokers = response.brokers.map(({ brokerId, host, port, rack, isFenced }) => {
    return { nodeId: brokerId, host, port, rack, ...(includeFencedBrokers && { isFenced }) };
  });
  const authorizedOperations = operationsOf(response.clusterAuthorizedOperations);
  return { clusterId, controllerId, brokers, ...(authorizedOperations && { authorizedOperations }) };
}

async function byMetadata(cluster: Cluster, options: AdminOptions): Promise<ClusterDescription> {
  const body = { topics: [], allowAutoTopicCreation: false };
  const { clusterId, controllerId, brokers } = await cluster.callAny(Metadata, body, {
    signal: options.signal,
    atLeast: 4,
  });
  return { clusterId, controllerId, brokers };
}
