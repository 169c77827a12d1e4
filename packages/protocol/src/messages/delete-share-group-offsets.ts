import { api } from '../schema/api.ts';
import { array, int16, int32, string, uuid } from '../schema/field.ts';

/** Deletes the start offsets of a share group (KIP-932). */
export const DeleteShareGroupOffsets = api({
  name: 'DeleteShareGroupOffsets',
  key: 92,
  versions: [0, 0],
  flexibleSince: 0,
  listeners: ['broker'],
  request: { groupId: string, topics: array({ topicName: string }) },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: string.nullable().default(null),
    responses: array({
      topicName: string,
      topicId: uuid,
      errorCode: int16,
      errorMessage: string.nullable().default(null),
    }),
  },
});
