import { DescribeGroups, ErrorCode } from '@ks/protocol';
import type { DescribeReply } from '../core/group/replies.ts';
import type { BrokerServices } from './broker-services.ts';
import { handler, type RequestContext } from './handler.ts';
import { groupOperationBits, OPERATIONS_NOT_ASKED } from './shared/group-operations.ts';

// DescribeGroups v0-v6. v3: authorized operations (KIP-430). v4: instance ids. v6: error 69 with a message for an absent group, which
// before is a group in state Dead.
export const describeGroups = handler(DescribeGroups, {}, async (broker, request, context) => {
  const describing = request.groups.map((groupId) =>
    describeGroup(broker, groupId, request.includeAuthorizedOperations, context),
  );
  return { groups: await Promise.all(describing) };
});

async function describeGroup(
  broker: BrokerServices,
  groupId: string,
  withOperations: boolean,
  context: RequestContext,
) {
  if (!context.authorize('DESCRIBE', 'GROUP', groupId)) {
    return { ...nothing, groupId, errorCode: ErrorCode.GROUP_AUTHORIZATION_FAILED };
  }
  const reply = await broker.groups.describeGroup(groupId);
  const absent = reply.errorCode === ErrorCode.GROUP_ID_NOT_FOUND;
  return {
    errorCode: absent && context.apiVersion < 6 ? ErrorCode.NONE : reply.errorCode,
    errorMessage: absent && context.apiVersion >= 6 ? `Group ${groupId} not found.` : null,
    groupId,
    groupState: reply.errorCode === ErrorCode.NONE || absent ? reply.state : '',
    protocolType: reply.protocolType,
    protocolData: reply.protocolName,
    members: membersOf(reply),
    authorizedOperations: withOperations ? groupOperationBits(groupId, context) : OPERATIONS_NOT_ASKED,
  };
}

const nothing = {
  errorMessage: null,
  groupState: '',
  protocolType: '',
  protocolData: '',
  members: [],
  authorizedOperations: OPERATIONS_NOT_ASKED,
};

function membersOf(reply: DescribeReply) {
  return reply.members.map((member) => ({
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    memberMetadata: member.metadata,
    memberAssignment: member.assignment,
  }));
}
