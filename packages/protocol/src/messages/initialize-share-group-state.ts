import { api } from '../schema/api.ts';
import { array, int16, int32, int64, string, uuid } from '../schema/field.ts';

/** Begins the durable state of share partitions (coordinator to coordinator, KIP-932). */
export const InitializeShareGroupState = api({
  name: 'InitializeShareGroupState',
  key: 83,
  versions: [0, 0],
  flexibleSince: 0,
  listeners: ['broker'],
  request: {
    groupId: string,
    topics: array({ topicId: uuid, partitions: array({ partition: int32, stateEpoch: int32, startOffset: int64 }) }),
  },
  response: {
    results: array({
      topicId: uuid,
      partitions: array({ partition: int32, errorCode: int16, errorMessage: string.nullable().default(null) }),
    }),
  },
});
