import { api } from '../schema/api.ts';
import { array, int16, int32, string } from '../schema/field.ts';

/** Leaves a classic group. */
export const LeaveGroup = api({
  name: 'LeaveGroup',
  key: 13,
  versions: [0, 5],
  flexibleSince: 4,
  listeners: ['broker'],
  request: {
    groupId: string,
    memberId: string.until(2),
    members: array({
      memberId: string,
      groupInstanceId: string.nullable().default(null),
      reason: string.nullable().since(5).default(null).ignorable(),
    }).since(3),
  },
  response: {
    throttleTimeMs: int32.since(1).ignorable(),
    errorCode: int16,
    members: array({ memberId: string, groupInstanceId: string.nullable(), errorCode: int16 }).since(3),
  },
});
