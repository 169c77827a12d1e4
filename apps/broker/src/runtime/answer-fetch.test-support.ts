import { type Fetch, type RequestInput, type ResponseOf, ZERO_UUID } from '@ks/protocol';
import { bytesOfParts } from '../ports/wire-part.ts';
import type { FetchResult, ReplicaHost } from './replica-manager.ts';

/** What the handler makes of a follower's fetch, without a session. */
export async function answerFetch(
  replicas: ReplicaHost,
  request: RequestInput<typeof Fetch>,
  signal: AbortSignal,
): Promise<ResponseOf<typeof Fetch>> {
  const { replicaId = -1, replicaEpoch = -1 } = request.replicaState ?? {};
  const partitions = request.topics.flatMap(({ topicId = ZERO_UUID, topic = '', partitions: asked }) =>
    asked.map(
      ({
        partition,
        currentLeaderEpoch = -1,
        lastFetchedEpoch = -1,
        logStartOffset = -1,
        highWatermark = -1,
        ...rest
      }) => ({
        ...{
          topic,
          topicId,
          partitionIndex: partition,
          currentLeaderEpoch,
          lastFetchedEpoch,
          logStartOffset,
          highWatermark,
          ...rest,
        },
      }),
    ),
  );
  const { maxWaitMs, minBytes, maxBytes = 1_000_000 } = request;
  const limits = { maxWaitMs, minBytes, maxBytes, isolationLevel: 0, keepsOrder: true };
  const results = await replicas.fetch({ replicaId, replicaEpoch, ...limits, partitions, signal });
  const responses = await Promise.all(results.map(answerOf));
  return { throttleTimeMs: 0, errorCode: 0, sessionId: 0, responses, nodeEndpoints: [] };
}

async function answerOf(result: FetchResult): Promise<ResponseOf<typeof Fetch>['responses'][number]> {
  const { partitionIndex, errorCode, highWatermark, lastStableOffset, logStartOffset } = result;
  const partition = {
    ...{ partitionIndex, errorCode, highWatermark, lastStableOffset, logStartOffset },
    divergingEpoch: result.divergingEpoch ?? { epoch: -1, endOffset: -1 },
    currentLeader: { leaderId: -1, leaderEpoch: -1 },
    snapshotId: { endOffset: -1, epoch: -1 },
    abortedTransactions: null,
    preferredReadReplica: -1,
    records: await bytesOfParts(result.records),
  };
  return { topic: '', topicId: result.topicId, partitions: [partition] };
}
