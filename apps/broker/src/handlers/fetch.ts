// Fetch v4-v18. v4: isolationLevel. v5: logStartOffset. v7: sessions (KIP-227). v9: currentLeaderEpoch (KIP-320). v10: zstd (KIP-110).
// v11: rackId, preferredReadReplica (KIP-392). v12: lastFetchedEpoch, divergingEpoch, currentLeader (KIP-595). v13: topic ids (KIP-516).
// v15: replicaState (KIP-903). v16: nodeEndpoints (KIP-951). v17: replicaDirectoryId (KIP-853). v18: highWatermark of a follower (KIP-1166).
import { ErrorCode, Fetch, type RequestOf, type ResponseInput, ZERO_UUID } from '@ks/protocol';
import type { FetchPosition, ForgottenPartition } from '../core/fetch-session/position.ts';
import type { FetchContext, SessionRequest } from '../core/fetch-session/session-cache.ts';
import { refusedFetch, releaseFetch } from '../runtime/fetch-target.ts';
import type { FetchPartition, FetchResult, ReplicaManager } from '../runtime/replica-manager.ts';
import type { BrokerServices } from './broker-services.ts';
import { handler, type RequestContext } from './handler.ts';
import { joinParts } from './shared/join-parts.ts';
import { nodeEndpointsOf, tellsLeader } from './shared/node-endpoints.ts';
import { resolveTopicName } from './shared/resolve-topic-id.ts';

type FetchRequest = RequestOf<typeof Fetch>;
type FetchResponse = ResponseInput<typeof Fetch>;
type TopicData = FetchResponse['responses'][number];
type Session = Exclude<FetchContext, { type: 'refused' }>;
type PartitionData = TopicData['partitions'][number];

const STORAGE_ERROR_SINCE = 6;
const RACK_SINCE = 11;
const CURRENT_LEADER_SINCE = 12;
const TOPIC_IDS_SINCE = 13;
const REPLICA_STATE_SINCE = 15;
const NODE_ENDPOINTS_SINCE = 16;

export const fetch = handler(Fetch, { versions: [4, 18] }, async (broker, request, context): Promise<FetchResponse> => {
  const session = broker.fetchSessions.open(sessionRequest(request, context), context.now.monotonicMs);
  if (session.type === 'refused') {
    return { throttleTimeMs: 0, errorCode: session.errorCode, sessionId: 0, responses: [] };
  }
  const results = await readAll(broker.replicas, request, context, session);
  return answer(broker, context, session, results);
});

function sessionRequest(request: FetchRequest, { apiVersion }: RequestContext): SessionRequest {
  const usesTopicIds = apiVersion >= TOPIC_IDS_SINCE;
  const nameOf = (topic: string): string => (usesTopicIds ? '' : topic);
  const idOf = (topicId: string): string => (usesTopicIds ? topicId : ZERO_UUID);
  const positions: FetchPosition[] = [];
  for (const topic of request.topics) {
    const of = { topic: nameOf(topic.topic), topicId: idOf(topic.topicId) };
    for (const asked of topic.partitions) {
      const { partition, currentLeaderEpoch, fetchOffset, lastFetchedEpoch, partitionMaxBytes } = asked;
      const { logStartOffset, highWatermark } = asked;
      const limits = { currentLeaderEpoch, fetchOffset, lastFetchedEpoch, partitionMaxBytes };
      positions.push({ ...of, partitionIndex: partition, ...limits, logStartOffset, highWatermark });
    }
  }
  const forgotten = request.forgottenTopicsData.flatMap(({ topic, topicId, partitions }): ForgottenPartition[] =>
    partitions.map((partitionIndex) => ({ topic: nameOf(topic), topicId: idOf(topicId), partitionIndex })),
  );
  const { sessionId, sessionEpoch } = request;
  const isFollower = replicaIdOf(request, apiVersion) >= 0;
  return { sessionId, sessionEpoch, usesTopicIds, isFollower, positions, forgotten };
}

/** Who asks: -1 for a consumer. Before replica epochs a follower could not say which of its lives it is in. */
function replicaIdOf(request: FetchRequest, apiVersion: number): number {
  return apiVersion >= REPLICA_STATE_SINCE ? request.replicaState.replicaId : request.replicaId;
}

/** One result for each position, in order. What may not be read is answered beside the rest; if it is all, at once. */
async function readAll(
  replicas: ReplicaManager,
  request: FetchRequest,
  context: RequestContext,
  session: Session,
): Promise<readonly FetchResult[]> {
  const { apiVersion, signal } = context;
  const replicaId = replicaIdOf(request, apiVersion);
  const refusals: (FetchResult | undefined)[] = [];
  const partitions: FetchPartition[] = [];
  const authorized = authorizer(context, replicaId);
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
  const { maxWaitMs, minBytes, maxBytes, isolationLevel } = request;
  // Who knows sessions puts last what was sent last.
  const keepsOrder = session.type === 'incremental' || session.begins;
  const limits = { maxWaitMs, minBytes, maxBytes, isolationLevel };
  const { replicaEpoch } = request.replicaState;
  const rackId = apiVersion >= RACK_SINCE ? request.rackId : undefined;
  const asked = { replicaId, replicaEpoch, rackId, ...limits, partitions, keepsOrder, signal };
  const read = (await replicas.fetch(asked)).values();
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

function answer(
  broker: BrokerServices,
  { apiVersion, listenerName }: RequestContext,
  session: Session,
  results: readonly FetchResult[],
): FetchResponse {
  const { errorCode, sessionId, told } = broker.fetchSessions.finish(session, results, broker.clock.monotonicMs());
  if (errorCode !== ErrorCode.NONE) releaseFetch(results);
  const toldResults = results.filter((_, index) => told[index]);
  const responses = byTopic(
    toldResults,
    session.positions.filter((_, index) => told[index]),
    apiVersion,
  );
  const response = { throttleTimeMs: 0, errorCode, sessionId, responses };
  if (apiVersion < NODE_ENDPOINTS_SINCE) return response;
  return { ...response, nodeEndpoints: nodeEndpointsOf(toldResults, broker.replicas.image, listenerName) };
}

/** Neighbours of one topic together, in the order of reading. */
function byTopic(
  results: readonly FetchResult[],
  positions: readonly FetchPosition[],
  apiVersion: number,
): TopicData[] {
  const topics: { topic: string; topicId: string; partitions: PartitionData[] }[] = [];
  results.forEach((result, index) => {
    const { topic = '', topicId = ZERO_UUID } = positions[index] ?? {};
    let last = topics.at(-1);
    if (last === undefined || last.topic !== topic || last.topicId !== topicId) {
      last = { topic, topicId, partitions: [] };
      topics.push(last);
    }
    last.partitions.push(partitionData(result, apiVersion));
  });
  return topics;
}

function partitionData(result: FetchResult, apiVersion: number): PartitionData {
  const { partitionIndex, highWatermark, lastStableOffset, logStartOffset, errorCode } = result;
  const { divergingEpoch, currentLeader } = result;
  return {
    partitionIndex,
    errorCode: knownError(errorCode, apiVersion),
    highWatermark,
    lastStableOffset,
    logStartOffset,
    preferredReadReplica: result.preferredReadReplica,
    abortedTransactions: result.abortedTransactions && [...result.abortedTransactions],
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
