import { ErrorCode, LeaveGroup } from '@ks/protocol';
import { handler } from './handler.ts';

// LeaveGroup v0-v5. v3: several members at once, static ones by instance id (KIP-345). v5: reason.
export const leaveGroup = handler(LeaveGroup, {}, async (broker, request, context) => {
  const { groupId } = request;
  if (!context.authorize('READ', 'GROUP', groupId))
    return { errorCode: ErrorCode.GROUP_AUTHORIZATION_FAILED, members: [] };
  const isBatched = context.apiVersion >= 3;
  const leaving = isBatched
    ? request.members.map(({ memberId, groupInstanceId }) => ({ memberId, groupInstanceId }))
    : [{ memberId: request.memberId, groupInstanceId: null }];
  const { errorCode, members } = await broker.groups.leaveGroup({ groupId, members: leaving });
  if (isBatched) return { errorCode, members: members.map((member) => ({ ...member })) };
  return { errorCode: errorCode === ErrorCode.NONE ? (members[0]?.errorCode ?? ErrorCode.NONE) : errorCode };
});
