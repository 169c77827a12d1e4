import { api } from '../schema/api.ts';
import { NEVER, array, int16, int32, string } from '../schema/field.ts';

/** Deletes committed offsets of a group. */
export const OffsetDelete = api({
  name: 'OffsetDelete',
  key: 47,
  versions: [0, 0],
  flexibleSince: NEVER,
  listeners: ['broker'],
  request: { groupId: string, topics: array({ name: string, partitions: array({ partitionIndex: int32 }) }) },
  response: {
    errorCode: int16,
    throttleTimeMs: int32.ignorable(),
    topics: array({ name: string, partitions: array({ partitionIndex: int32, errorCode: int16 }) }),
  },
});
