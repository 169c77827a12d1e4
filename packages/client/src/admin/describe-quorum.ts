import { DescribeQuorum, ErrorCode, type ResponseOf, ZERO_UUID } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { errorFromCode } from '../kafka-error.ts';
import type { AdminOptions } from './admin-options.ts';
import { throwIfFailed } from './items.ts';

export interface QuorumReplica {
  readonly replicaId: number;
  /** Undefined where the broker is too old to say (KIP-853). */
  readonly directoryId: string | undefined;
  readonly logEndOffset: number;
  /** Milliseconds since the epoch: when the leader was last asked, and when the replica had all there was; -1 where not known. */
  readonly lastFetchAtMs: number;
  readonly lastCaughtUpAtMs: number;
}

export interface QuorumNode {
  readonly nodeId: number;
  readonly listeners: readonly { readonly name: string; readonly host: string; readonly port: number }[];
}

/** The controllers that hold a cluster's metadata, and how far each is (KIP-595). */
export interface QuorumDescription {
  readonly leaderId: number;
  readonly leaderEpoch: number;
  readonly highWatermark: number;
  readonly voters: readonly QuorumReplica[];
  readonly observers: readonly QuorumReplica[];
  /** Empty where the broker is too old to say. */
  readonly nodes: readonly QuorumNode[];
}

const METADATA_TOPIC = '__cluster_metadata';

type Replica = ResponseOf<typeof DescribeQuorum>['topics'][number]['partitions'][number]['currentVoters'][number];

export function describeQuorum(cluster: Cluster, { signal }: AdminOptions): Promise<QuorumDescription> {
  const body = { topics: [{ topicName: METADATA_TOPIC, partitions: [{ partitionIndex: 0 }] }] };
  return cluster.retrying(
    async () => {
      const answer = await cluster.callController(DescribeQuorum, body, { signal });
      throwIfFailed(answer);
      const partition = answer.topics[0]?.partitions[0];
      if (partition === undefined) throw errorFromCode(ErrorCode.UNKNOWN_SERVER_ERROR, 'the answer is empty', {});
      throwIfFailed(partition);
      const { leaderId, leaderEpoch, highWatermark, currentVoters, observers } = partition;
      const described = { voters: currentVoters.map(replicaOf), observers: observers.map(replicaOf) };
      return { leaderId, leaderEpoch, highWatermark, ...described, nodes: answer.nodes };
    },
    { signal },
  );
}

function replicaOf(replica: Replica): QuorumReplica {
  return {
    replicaId: replica.replicaId,
    directoryId: replica.replicaDirectoryId === ZERO_UUID ? undefined : replica.replicaDirectoryId,
    logEndOffset: replica.logEndOffset,
    lastFetchAtMs: replica.lastFetchTimestamp,
    lastCaughtUpAtMs: replica.lastCaughtUpTimestamp,
  };
}
