import { api } from '../schema/api.ts';
import { array, int16, int32, int64, string, uuid } from '../schema/field.ts';

/** Resets the start offsets of a share group (KIP-932). */
export const AlterShareGroupOffsets = api({
  name: 'AlterShareGroupOffsets',
  key: 91,
  versions: [0, 0],
  flexibleSince: 0,
  listeners: ['broker'],
  request: {
    groupId: string,
    topics: array({ topicName: string, partitions: array({ partitionIndex: int32, startOffset: int64 }) }),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: string.nullable().default(null),
    responses: array({
      topicName: string,
      topicId: uuid,
      partitions: array({ partitionIndex: int32, errorCode: int16, errorMessage: string.nullable().default(null) }),
    }),
  },
});
