import { ErrorCode, SyncGroup } from '@ks/protocol';
import { handler } from './handler.ts';

const NO_ASSIGNMENT = new Uint8Array(0);

// SyncGroup v0-v5. v3: static members. v5: protocol type and name must be given and right (error 23 if not).
export const syncGroup = handler(SyncGroup, {}, async (broker, request, context) => {
  const { groupId, generationId, memberId, groupInstanceId, protocolType, protocolName, assignments } = request;
  if (!context.authorize('READ', 'GROUP', groupId)) {
    return { errorCode: ErrorCode.GROUP_AUTHORIZATION_FAILED, assignment: NO_ASSIGNMENT };
  }
  if (context.apiVersion >= 5 && (protocolType === null || protocolName === null)) {
    return { errorCode: ErrorCode.INCONSISTENT_GROUP_PROTOCOL, assignment: NO_ASSIGNMENT };
  }
  const asked = { groupId, generationId, memberId, groupInstanceId, protocolType, protocolName, assignments };
  const { type: _type, ...reply } = await broker.groups.syncGroup(asked);
  return reply;
});
