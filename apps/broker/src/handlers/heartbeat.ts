import { ErrorCode, Heartbeat } from '@ks/protocol';
import { handler } from './handler.ts';

// Heartbeat v0-v4. v3: static members.
export const heartbeat = handler(Heartbeat, {}, async (broker, request, context) => {
  const { groupId, generationId, memberId, groupInstanceId } = request;
  if (!context.authorize('READ', 'GROUP', groupId)) return { errorCode: ErrorCode.GROUP_AUTHORIZATION_FAILED };
  const { errorCode } = await broker.groups.heartbeat({ groupId, generationId, memberId, groupInstanceId });
  return { errorCode };
});
