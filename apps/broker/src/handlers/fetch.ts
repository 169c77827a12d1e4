// Fetch v4-v18. v4: isolationLevel. v5: logStartOffset. v7: sessions (KIP-227). v9: currentLeaderEpoch (KIP-320). v10: zstd (KIP-110).
// v11: rackId, preferredReadReplica (KIP-392). v12: lastFetchedEpoch, divergingEpoch, currentLeader (KIP-595). v13: topic ids (KIP-516).
// v15: replicaState (KIP-903). v16: nodeEndpoints (KIP-951). v17: replicaDirectoryId (KIP-853). v18: highWatermark of a follower (KIP-1166).
import { ErrorCode, Fetch, type RequestOf, type ResponseInput, ZERO_UUID } from '@ks/protocol';
import type { FetchPosition, ForgottenPartition } from '../core/fetch-session/position.ts';
import type { SessionRequest } from '../core/fetch-session/session-cache.ts';
import { releaseFetch } from '../runtime/fetch-target.ts';
import type { FetchResult } from '../runtime/replica-manager.ts';
import type { BrokerServices } from './broker-services.ts';
import { handler, type RequestContext } from './handler.ts';
import { readAll, replicaIdOf, type Session, TOPIC_IDS_SINCE } from './shared/fetch-reading.ts';
import { joinParts } from './shared/join-parts.ts';
import { nodeEndpointsOf, tellsLeader } from './shared/node-endpoints.ts';
import { isStanding, StandingFetch } from './shared/standing-fetch.ts';

type FetchRequest = RequestOf<typeof Fetch>;
type FetchResponse = ResponseInput<typeof Fetch>;
type TopicData = FetchResponse['responses'][number];
type PartitionData = TopicData['partitions'][number];

const STORAGE_ERROR_SINCE = 6;
const CURRENT_LEADER_SINCE = 12;
const NODE_ENDPOINTS_SINCE = 16;

export const fetch = handler(Fetch, { versions: [4, 18] }, async (broker, request, context): Promise<FetchResponse> => {
  const session = broker.fetchSessions.open(sessionRequest(request, context), context.now.monotonicMs);
  if (session.type === 'refused') {
    return { throttleTimeMs: 0, errorCode: session.errorCode, sessionId: 0, responses: [] };
  }
  if (isStanding(session, request, context)) {
    const standing = new StandingFetch(broker, request, context, session);
    const results = await standing.read();
    return answer(broker, context, standing.session, results);
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
