// DeleteRecords v0-v2 (KIP-107). The offset is exclusive: it becomes the log's start; -1 is the high watermark.
import { DeleteRecords, ErrorCode, ZERO_UUID } from '@ks/protocol';
import { handler } from './handler.ts';

export const deleteRecords = handler(DeleteRecords, {}, async (broker, request, context) => {
  const isAllowed = new Map(
    request.topics.map(({ name }) => [name, context.authorize('DELETE', 'TOPIC', name)] as const),
  );
  const asked = request.topics
    .filter(({ name }) => isAllowed.get(name))
    .flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, offset }) => ({ topic: name, topicId: ZERO_UUID, partitionIndex, offset })),
    );
  const results = (await broker.replicas.deleteRecords(asked)).values();
  return {
    throttleTimeMs: 0,
    topics: request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => {
        if (!isAllowed.get(name)) {
          return { partitionIndex, lowWatermark: -1, errorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED };
        }
        const { value } = results.next();
        const { lowWatermark = -1, errorCode = ErrorCode.UNKNOWN_SERVER_ERROR } = value ?? {};
        return { partitionIndex, lowWatermark, errorCode };
      }),
    })),
  };
});
