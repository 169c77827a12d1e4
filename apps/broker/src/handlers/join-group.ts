import { ErrorCode, JoinGroup } from '@ks/protocol';
import { handler } from './handler.ts';

// JoinGroup v0-v9. v1: rebalance time-out. v4: a first join must come back with a member id (KIP-394). v5: static members (KIP-345).
// v7: protocol type, null protocol name. v8: reason. v9: SkipAssignment (KIP-814).
export const joinGroup = handler(JoinGroup, {}, async (broker, request, context) => {
  const { groupId, memberId, groupInstanceId, sessionTimeoutMs, protocolType, protocols } = request;
  const { apiVersion } = context;
  if (!context.authorize('READ', 'GROUP', groupId)) {
    return {
      ...noGeneration,
      protocolName: nameOf(null, apiVersion),
      memberId,
      errorCode: ErrorCode.GROUP_AUTHORIZATION_FAILED,
    };
  }
  const { type: _type, ...reply } = await broker.groups.joinGroup({
    groupId,
    memberId,
    groupInstanceId,
    clientId: context.clientId ?? '',
    clientHost: `/${context.remoteAddress}`,
    sessionTimeoutMs,
    rebalanceTimeoutMs: apiVersion === 0 ? sessionTimeoutMs : request.rebalanceTimeoutMs,
    protocolType,
    protocols,
    requireKnownMemberId: apiVersion >= 4,
    supportsSkipAssignment: apiVersion >= 9,
  });
  return {
    ...reply,
    protocolName: nameOf(reply.protocolName, apiVersion),
    members: reply.members.map((each) => ({ ...each })),
  };
});

const noGeneration = { generationId: -1, leader: '', members: [] };

function nameOf(protocolName: string | null, apiVersion: number): string | null {
  return apiVersion < 7 ? (protocolName ?? '') : protocolName;
}
