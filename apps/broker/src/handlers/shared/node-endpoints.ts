import { ErrorCode } from '@ks/protocol';
import type { ClusterImage } from '../../core/metadata/image.ts';
import type { LeaderIdAndEpoch } from '../../runtime/replica-manager.ts';

/** Where a client finds a broker that `currentLeader` named (KIP-951). */
export interface NodeEndpoint {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

interface Led {
  readonly errorCode: number;
  readonly currentLeader: LeaderIdAndEpoch | undefined;
}

/** Whether the answer should tell who leads. */
export function tellsLeader(errorCode: number): boolean {
  return errorCode === ErrorCode.NOT_LEADER_OR_FOLLOWER || errorCode === ErrorCode.FENCED_LEADER_EPOCH;
}

/** The endpoints, on the client's listener, of the leaders that the results tell of; each once. */
export function nodeEndpointsOf(
  results: readonly (Led | undefined)[],
  image: ClusterImage | undefined,
  listenerName: string,
): NodeEndpoint[] {
  const endpoints = new Map<number, NodeEndpoint>();
  for (const result of results) {
    if (result?.currentLeader === undefined || !tellsLeader(result.errorCode)) continue;
    const { leaderId } = result.currentLeader;
    const broker = image?.brokers.get(leaderId);
    const endpoint = broker?.endpoints.find((each) => each.listenerName === listenerName);
    if (broker === undefined || endpoint === undefined) continue;
    endpoints.set(leaderId, { nodeId: leaderId, host: endpoint.host, port: endpoint.port, rack: broker.rack });
  }
  return [...endpoints.values()];
}
