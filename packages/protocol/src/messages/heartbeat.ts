import { api } from '../schema/api.ts';
import { int16, int32, string } from '../schema/field.ts';

/** Keeps a member of a classic group alive and tells it of rebalances. */
export const Heartbeat = api({
  name: 'Heartbeat',
  key: 12,
  versions: [0, 4],
  flexibleSince: 4,
  listeners: ['broker'],
  request: {
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: string.nullable().since(3).default(null),
  },
  response: { throttleTimeMs: int32.since(1).ignorable(), errorCode: int16 },
});
