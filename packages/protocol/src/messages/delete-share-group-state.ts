import { api } from '../schema/api.ts';
import { array, int16, int32, string, uuid } from '../schema/field.ts';

/** Deletes the durable state of share partitions (coordinator to coordinator, KIP-932). */
export const DeleteShareGroupState = api({
  name: 'DeleteShareGroupState',
  key: 86,
  versions: [0, 0],
  flexibleSince: 0,
  listeners: ['broker'],
  request: { groupId: string, topics: array({ topicId: uuid, partitions: array({ partition: int32 }) }) },
  response: {
    results: array({
      topicId: uuid,
      partitions: array({ partition: int32, errorCode: int16, errorMessage: string.nullable().default(null) }),
    }),
  },
});
