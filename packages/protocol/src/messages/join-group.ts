import { api } from '../schema/api.ts';
import { array, bool, bytes, int16, int32, string } from '../schema/field.ts';

/** Joins a classic group, or begins its next generation. */
export const JoinGroup = api({
  name: 'JoinGroup',
  key: 11,
  versions: [0, 9],
  flexibleSince: 6,
  listeners: ['broker'],
  request: {
    groupId: string,
    sessionTimeoutMs: int32,
    rebalanceTimeoutMs: int32.since(1).default(-1).ignorable(),
    memberId: string,
    groupInstanceId: string.nullable().since(5).default(null),
    protocolType: string,
    protocols: array({ name: string, metadata: bytes }),
    reason: string.nullable().since(8).default(null).ignorable(),
  },
  response: {
    throttleTimeMs: int32.since(2).ignorable(),
    errorCode: int16,
    generationId: int32.default(-1),
    protocolType: string.nullable().since(7).default(null).ignorable(),
    protocolName: string.nullable(7),
    leader: string,
    skipAssignment: bool.since(9).default(false),
    memberId: string,
    members: array({
      memberId: string,
      groupInstanceId: string.nullable().since(5).default(null).ignorable(),
      metadata: bytes,
    }),
  },
});
