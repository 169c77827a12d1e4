import { api } from '../schema/api.ts';
import { array, bytes, int16, int32, string } from '../schema/field.ts';

/** Hands out the assignment that the leader of a classic group has computed. */
export const SyncGroup = api({
  name: 'SyncGroup',
  key: 14,
  versions: [0, 5],
  flexibleSince: 4,
  listeners: ['broker'],
  request: {
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: string.nullable().since(3).default(null),
    protocolType: string.nullable().since(5).default(null).ignorable(),
    protocolName: string.nullable().since(5).default(null).ignorable(),
    assignments: array({ memberId: string, assignment: bytes }),
  },
  response: {
    throttleTimeMs: int32.since(1).ignorable(),
    errorCode: int16,
    protocolType: string.nullable().since(5).default(null).ignorable(),
    protocolName: string.nullable().since(5).default(null).ignorable(),
    assignment: bytes,
  },
});
