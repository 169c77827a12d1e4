// ListOffsets v1-v11. v2: isolationLevel. v4: currentLeaderEpoch, leaderEpoch (KIP-320). v5: OFFSET_NOT_AVAILABLE (KIP-207).
// v7: MAX_TIMESTAMP (KIP-734). v8: EARLIEST_LOCAL (KIP-405). v9: LATEST_TIERED (KIP-1005). v10: timeoutMs (KIP-1075).
// v11: EARLIEST_PENDING_UPLOAD (KIP-1023).
import { ErrorCode, ListOffsets, type RequestOf, type ResponseInput, ZERO_UUID } from '@ks/protocol';
import type { ListOffsetResult, ReplicaManager } from '../runtime/replica-manager.ts';
import { handler, type RequestContext } from './handler.ts';
import { perTopicPartition } from './shared/per-topic-partition.ts';

type ListOffsetsRequest = RequestOf<typeof ListOffsets>;
type Topic = ListOffsetsRequest['topics'][number];
type Partition = Topic['partitions'][number];
type PartitionResponse = ResponseInput<typeof ListOffsets>['topics'][number]['partitions'][number];

const LEADER_EPOCH_SINCE = 4;
const OFFSET_NOT_AVAILABLE_SINCE = 5;

/** The first version that knows each negative timestamp. */
const MARKER_SINCE: ReadonlyMap<number, number> = new Map([
  [-1, 1],
  [-2, 1],
  [-3, 7],
  [-4, 8],
  [-5, 9],
  [-6, 11],
]);

export const listOffsets = handler(ListOffsets, { versions: [1, 11] }, async (broker, request, context) => {
  const twice = partitionsNamedTwice(request);
  const answered = await perTopicPartition<Topic, PartitionResponse>(request.topics, (topic, partition) => {
    const { partitionIndex } = partition;
    const errorCode = refusalOf(topic, partition, twice, context);
    if (errorCode !== ErrorCode.NONE) return { partitionIndex, errorCode, oldStyleOffsets: [] };
    return find(broker.replicas, request, topic, partition, context.apiVersion);
  });
  return { throttleTimeMs: 0, topics: answered.map(({ topic, partitions }) => ({ name: topic.name, partitions })) };
});

function refusalOf(topic: Topic, partition: Partition, twice: ReadonlySet<string>, context: RequestContext): number {
  if (!context.authorize('DESCRIBE', 'TOPIC', topic.name)) return ErrorCode.TOPIC_AUTHORIZATION_FAILED;
  if (twice.has(`${topic.name}/${partition.partitionIndex}`)) return ErrorCode.INVALID_REQUEST;
  const isMarker = partition.timestamp < 0;
  const since = MARKER_SINCE.get(partition.timestamp);
  return isMarker && (since === undefined || context.apiVersion < since)
    ? ErrorCode.UNSUPPORTED_VERSION
    : ErrorCode.NONE;
}

async function find(
  replicas: ReplicaManager,
  request: ListOffsetsRequest,
  topic: Topic,
  partition: Partition,
  apiVersion: number,
): Promise<PartitionResponse> {
  const found = await replicas.listOffset({
    topic: topic.name,
    topicId: ZERO_UUID,
    partitionIndex: partition.partitionIndex,
    currentLeaderEpoch: partition.currentLeaderEpoch,
    timestampMs: partition.timestamp,
    isolationLevel: request.isolationLevel,
    replicaId: request.replicaId,
  });
  return {
    partitionIndex: partition.partitionIndex,
    errorCode: knownError(found, apiVersion),
    oldStyleOffsets: [],
    timestamp: found.timestampMs,
    offset: found.offset,
    leaderEpoch: apiVersion < LEADER_EPOCH_SINCE ? -1 : found.leaderEpoch,
  };
}

/** Clients of older versions know a leader that is not ready yet, but not an offset that is not. */
function knownError({ errorCode }: ListOffsetResult, apiVersion: number): number {
  const isUnknown = errorCode === ErrorCode.OFFSET_NOT_AVAILABLE && apiVersion < OFFSET_NOT_AVAILABLE_SINCE;
  return isUnknown ? ErrorCode.LEADER_NOT_AVAILABLE : errorCode;
}

/** A partition asked twice is refused, as Kafka does: one answer could not serve both. */
function partitionsNamedTwice(request: ListOffsetsRequest): ReadonlySet<string> {
  const once = new Set<string>();
  const twice = new Set<string>();
  for (const { name, partitions } of request.topics) {
    for (const { partitionIndex } of partitions) {
      const key = `${name}/${partitionIndex}`;
      if (once.has(key)) twice.add(key);
      once.add(key);
    }
  }
  return twice;
}
