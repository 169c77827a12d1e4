import { DescribeGroups, ErrorCode } from '@ks/protocol';
import type { DescribeReply } from '../core/group/replies.ts';
import type { BrokerServices } from './broker-services.ts';
import { type AclOperation, handler, type RequestContext } from './handler.ts';

/** What may be done with a group, and the bit of each in `authorizedOperations`. */
const groupOperations: readonly (readonly [AclOperation, number])[] = [
  ['READ', 3],
  ['DELETE', 6],
  ['DESCRIBE', 8],
  ['DESCRIBE_CONFIGS', 10],
  ['ALTER_CONFIGS', 11],
];
const NOT_ASKED = -2147483648;

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
    authorizedOperations: withOperations ? operationBits(groupId, context) : NOT_ASKED,
  };
}

const nothing = {
  errorMessage: null,
  groupState: '',
  protocolType: '',
  protocolData: '',
  members: [],
  authorizedOperations: NOT_ASKED,
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

function operationBits(groupId: string, context: RequestContext): number {
  const allowed = groupOperations.filter(([operation]) => context.authorize(operation, 'GROUP', groupId));
  return allowed.reduce((bits, [, bit]) => bits | (1 << bit), 0);
}
