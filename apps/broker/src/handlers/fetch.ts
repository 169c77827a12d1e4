// Fetch v4-v18. v4: isolationLevel. v5: logStartOffset. v7: sessions (KIP-227; this broker refuses them by session id 0).
// v9: currentLeaderEpoch (KIP-320). v10: zstd (KIP-110). v11: rackId, preferredReadReplica (KIP-392). v12: lastFetchedEpoch, divergingEpoch,
// currentLeader (KIP-595). v13: topic ids (KIP-516). v15: replicaState (KIP-903). v16: nodeEndpoints (KIP-951).
import { ErrorCode, Fetch, type RequestOf, type ResponseInput, ZERO_UUID } from '@ks/protocol';
import type { FetchPartition, FetchResult, ReplicaManager } from '../runtime/replica-manager.ts';
import { handler, type RequestContext } from './handler.ts';
import { joinParts } from './shared/join-parts.ts';
import { nodeEndpointsOf, tellsLeader } from './shared/node-endpoints.ts';
import { resolveTopicName } from './shared/resolve-topic-id.ts';

type FetchRequest = RequestOf<typeof Fetch>;
type FetchResponse = ResponseInput<typeof Fetch>;
type FetchTopic = FetchRequest['topics'][number];

const STORAGE_ERROR_SINCE = 6;
const CURRENT_LEADER_SINCE = 12;
const TOPIC_IDS_SINCE = 13;
const REPLICA_STATE_SINCE = 15;
const NODE_ENDPOINTS_SINCE = 16;
/** Session epochs that ask for a full fetch: the first of a session, or the end of one. */
const FULL_FETCH_EPOCHS: readonly number[] = [0, -1];

/** What a partition of the request became: refused here, or the index of its result among those read. */
type Slot = { readonly errorCode: number } | { readonly fetched: number };

interface Plan {
  /** In the request's order, topic by topic. */
  readonly slots: readonly Slot[];
  readonly partitions: readonly FetchPartition[];
}

export const fetch = handler(Fetch, { versions: [4, 18] }, async (broker, request, context): Promise<FetchResponse> => {
  // No session is ever made, so none can be continued; a client that asks to begin or to end one gets a full answer.
  if (!FULL_FETCH_EPOCHS.includes(request.sessionEpoch)) {
    return { throttleTimeMs: 0, errorCode: ErrorCode.FETCH_SESSION_ID_NOT_FOUND, responses: [] };
  }
  const { apiVersion } = context;
  const plan = planFetch(broker.replicas, request, context);
  const isRefusedInPart = plan.partitions.length < plan.slots.length;
  const results = await broker.replicas.fetch({
    replicaId: apiVersion >= REPLICA_STATE_SINCE ? request.replicaState.replicaId : request.replicaId,
    maxWaitMs: isRefusedInPart ? 0 : request.maxWaitMs,
    minBytes: request.minBytes,
    maxBytes: request.maxBytes,
    isolationLevel: request.isolationLevel,
    apiVersion,
    partitions: plan.partitions,
    signal: context.signal,
  });
  return responseOf(broker.replicas, request, context, plan, results);
});

function planFetch(replicas: ReplicaManager, request: FetchRequest, context: RequestContext): Plan {
  const slots: Slot[] = [];
  const partitions: FetchPartition[] = [];
  for (const topic of request.topics) {
    const reference = { name: topic.topic, topicId: topic.topicId };
    const name = resolveTopicName(replicas, reference, context.apiVersion >= TOPIC_IDS_SINCE);
    const refusal = refusalOf(name, request, context);
    for (const asked of topic.partitions) {
      if (name === undefined || refusal !== ErrorCode.NONE) {
        slots.push({ errorCode: refusal });
        continue;
      }
      slots.push({ fetched: partitions.length });
      partitions.push(fetchPartition(name, topic, asked, context.apiVersion));
    }
  }
  return { slots, partitions };
}

function fetchPartition(
  name: string,
  { topicId }: FetchTopic,
  asked: FetchTopic['partitions'][number],
  apiVersion: number,
): FetchPartition {
  const { partition, currentLeaderEpoch, fetchOffset, lastFetchedEpoch, partitionMaxBytes } = asked;
  return {
    topic: name,
    topicId: apiVersion >= TOPIC_IDS_SINCE ? topicId : ZERO_UUID,
    partitionIndex: partition,
    currentLeaderEpoch,
    fetchOffset,
    lastFetchedEpoch,
    partitionMaxBytes,
  };
}

/** A follower needs CLUSTER_ACTION on the cluster, a consumer READ on the topic. */
function refusalOf(name: string | undefined, request: FetchRequest, context: RequestContext): number {
  if (name === undefined) return ErrorCode.UNKNOWN_TOPIC_ID;
  const replicaId = context.apiVersion >= REPLICA_STATE_SINCE ? request.replicaState.replicaId : request.replicaId;
  const isAllowed =
    replicaId >= 0
      ? context.authorize('CLUSTER_ACTION', 'CLUSTER', 'kafka-cluster')
      : context.authorize('READ', 'TOPIC', name);
  return isAllowed ? ErrorCode.NONE : ErrorCode.TOPIC_AUTHORIZATION_FAILED;
}

function responseOf(
  replicas: ReplicaManager,
  request: FetchRequest,
  context: RequestContext,
  plan: Plan,
  results: readonly FetchResult[],
): FetchResponse {
  const { apiVersion, listenerName } = context;
  const slots = plan.slots.values();
  const responses = request.topics.map(({ topic, topicId, partitions }) => ({
    topic,
    topicId,
    partitions: partitions.map(({ partition }) => partitionData(partition, slots.next().value, results, apiVersion)),
  }));
  const response = { throttleTimeMs: 0, errorCode: ErrorCode.NONE, sessionId: 0, responses };
  if (apiVersion < NODE_ENDPOINTS_SINCE) return response;
  return { ...response, nodeEndpoints: nodeEndpointsOf(results, replicas.image, listenerName) };
}

type PartitionData = FetchResponse['responses'][number]['partitions'][number];

function partitionData(
  partitionIndex: number,
  slot: Slot | undefined,
  results: readonly FetchResult[],
  apiVersion: number,
): PartitionData {
  if (slot === undefined) throw new Error('a partition of a Fetch request was not planned');
  const result = 'fetched' in slot ? results[slot.fetched] : undefined;
  if (result === undefined) {
    const { errorCode } = slot as Exclude<Slot, { fetched: number }>;
    return { partitionIndex, errorCode, highWatermark: -1, abortedTransactions: null, records: joinParts([]) };
  }
  const { highWatermark, lastStableOffset, logStartOffset, divergingEpoch, currentLeader, errorCode } = result;
  return {
    partitionIndex,
    errorCode: knownError(errorCode, apiVersion),
    highWatermark,
    lastStableOffset,
    logStartOffset,
    abortedTransactions: null,
    records: joinParts(result.records),
    ...(divergingEpoch === undefined ? {} : { divergingEpoch }),
    ...(apiVersion >= CURRENT_LEADER_SINCE && currentLeader !== undefined && tellsLeader(errorCode)
      ? { currentLeader }
      : {}),
  };
}

function knownError(errorCode: number, apiVersion: number): number {
  const isUnknown = errorCode === ErrorCode.KAFKA_STORAGE_ERROR && apiVersion < STORAGE_ERROR_SINCE;
  return isUnknown ? ErrorCode.NOT_LEADER_OR_FOLLOWER : errorCode;
}
