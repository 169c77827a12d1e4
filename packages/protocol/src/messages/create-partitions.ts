import { api } from '../schema/api.ts';
import { array, bool, int16, int32, string } from '../schema/field.ts';

/** Adds partitions to topics. */
export const CreatePartitions = api({
  name: 'CreatePartitions',
  key: 37,
  versions: [0, 3],
  flexibleSince: 2,
  listeners: ['broker', 'controller'],
  request: {
    topics: array({ name: string, count: int32, assignments: array({ brokerIds: array(int32) }).nullable() }),
    timeoutMs: int32,
    validateOnly: bool,
  },
  response: {
    throttleTimeMs: int32,
    results: array({ name: string, errorCode: int16, errorMessage: string.nullable().default(null) }),
  },
});
