import { ErrorCode, type Fetch, type RequestOf } from '@ks/protocol';
import type { FetchPosition } from '../../core/fetch-session/position.ts';
import type { FetchContext } from '../../core/fetch-session/session-cache.ts';
import { refusedFetch } from '../../runtime/fetch-target.ts';
import type { FetchPartition, FetchResult, ReplicaManager } from '../../runtime/replica-manager.ts';
import type { RequestContext } from '../handler.ts';
import { resolveTopicName } from './resolve-topic-id.ts';

type FetchRequest = RequestOf<typeof Fetch>;

/** A request that is not refused as a whole. */
export type Session = Exclude<FetchContext, { type: 'refused' }>;

const RACK_SINCE = 11;
/** The first version that names topics by id. */
export const TOPIC_IDS_SINCE = 13;
const REPLICA_STATE_SINCE = 15;

/** Who asks: -1 for a consumer. Before replica epochs a follower could not say which of its lives it is in. */
export function replicaIdOf(request: FetchRequest, apiVersion: number): number {
  return apiVersion >= REPLICA_STATE_SINCE ? request.replicaState.replicaId : request.replicaId;
}

/** One result for each position, in order. What may not be read is answered beside the rest; if it is all, at once. */
export async function readAll(
  replicas: ReplicaManager,
  request: FetchRequest,
  context: RequestContext,
  session: Session,
): Promise<readonly FetchResult[]> {
  const { refusals, partitions } = admitted(replicas, request, context, session);
  // Who knows sessions puts last what was sent last.
  const keepsOrder = session.type === 'incremental' || session.begins;
  return merged(refusals, await replicas.fetch({ ...limitsOf(request, context, keepsOrder), partitions }));
}

/** What may be read, and for each position why it may not be. */
export function admitted(
  replicas: ReplicaManager,
  request: FetchRequest,
  context: RequestContext,
  session: Session,
): { readonly refusals: readonly (FetchResult | undefined)[]; readonly partitions: readonly FetchPartition[] } {
  const { apiVersion } = context;
  const refusals: (FetchResult | undefined)[] = [];
  const partitions: FetchPartition[] = [];
  const authorized = authorizer(context, replicaIdOf(request, apiVersion));
  for (const position of session.positions) {
    const topic = resolveTopicName(
      replicas,
      { name: position.topic, topicId: position.topicId },
      apiVersion >= TOPIC_IDS_SINCE,
    );
    const errorCode = refusalOf(replicas, position, topic, authorized);
    if (errorCode !== ErrorCode.NONE) refusals.push({ ...refusedFetch(position, errorCode), abortedTransactions: [] });
    else {
      refusals.push(undefined);
      partitions.push({ ...position, topic: topic ?? '' });
    }
  }
  return { refusals, partitions };
}

/** Everything that the request says of the reading but the partitions. */
export function limitsOf(request: FetchRequest, { apiVersion, signal }: RequestContext, keepsOrder: boolean) {
  const { maxWaitMs, minBytes, maxBytes, isolationLevel } = request;
  const { replicaEpoch } = request.replicaState;
  const rackId = apiVersion >= RACK_SINCE ? request.rackId : undefined;
  const limits = { maxWaitMs, minBytes, maxBytes, isolationLevel };
  return { replicaId: replicaIdOf(request, apiVersion), replicaEpoch, rackId, ...limits, keepsOrder, signal };
}

/** One result for each position, in order. */
export function merged(
  refusals: readonly (FetchResult | undefined)[],
  results: readonly FetchResult[],
): readonly FetchResult[] {
  const read = results.values();
  return refusals.map((refusal) => {
    const result = refusal ?? read.next().value;
    if (result === undefined) throw new Error('a partition of a Fetch was not answered');
    return result;
  });
}

/** Whether a topic may be read, asked once for each topic. A follower needs CLUSTER_ACTION on the cluster, a consumer READ on the topic. */
function authorizer(context: RequestContext, replicaId: number): (topic: string) => boolean {
  if (replicaId >= 0) {
    const isAllowed = context.authorize('CLUSTER_ACTION', 'CLUSTER', 'kafka-cluster');
    return () => isAllowed;
  }
  const decided = new Map<string, boolean>();
  return (topic) => {
    let isAllowed = decided.get(topic);
    if (isAllowed === undefined) {
      isAllowed = context.authorize('READ', 'TOPIC', topic);
      decided.set(topic, isAllowed);
    }
    return isAllowed;
  };
}

function refusalOf(
  { image }: ReplicaManager,
  { partitionIndex }: FetchPosition,
  topic: string | undefined,
  authorized: (topic: string) => boolean,
): number {
  if (topic === undefined) return ErrorCode.UNKNOWN_TOPIC_ID;
  if (!authorized(topic)) return ErrorCode.TOPIC_AUTHORIZATION_FAILED;
  const isKnown = image?.topicsByName.get(topic)?.partitions[partitionIndex] !== undefined;
  return isKnown ? ErrorCode.NONE : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
}
