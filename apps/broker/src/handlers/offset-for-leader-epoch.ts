// OffsetForLeaderEpoch v2-v4 (KIP-101, KIP-320). v2: currentLeaderEpoch. v3: replicaId. v4: flexible.
import { ErrorCode, OffsetForLeaderEpoch } from '@ks/protocol';
import { ZERO_UUID } from '@ks/protocol';
import { handler } from './handler.ts';
import { CLUSTER_NAME } from './shared/authorized-operations.ts';

const REPLICA_ID_SINCE = 3;

export const offsetForLeaderEpoch = handler(OffsetForLeaderEpoch, { versions: [2, 4] }, (broker, request, context) => {
  // Before v3 only brokers asked, and consumers as if they were ones.
  const isReplica = context.apiVersion >= REPLICA_ID_SINCE && request.replicaId >= 0;
  const isAllowed = (topic: string): boolean =>
    isReplica
      ? context.authorize('CLUSTER_ACTION', 'CLUSTER', CLUSTER_NAME)
      : context.authorize('DESCRIBE', 'TOPIC', topic);
  const topics = request.topics.map(({ topic, partitions }) => {
    const allowed = isAllowed(topic);
    return {
      topic,
      partitions: partitions.map(({ partition, currentLeaderEpoch, leaderEpoch }) => {
        if (!allowed) return { partition, errorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED };
        const key = { topic, topicId: ZERO_UUID, partitionIndex: partition };
        const found = broker.replicas.epochEndOffset({ ...key, currentLeaderEpoch, leaderEpoch });
        return { partition, ...found };
      }),
    };
  });
  return { throttleTimeMs: 0, topics };
});
