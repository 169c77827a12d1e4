import { ErrorCode } from '@ks/protocol';
import { type ClassicGroup, metadataOf } from './classic-group.ts';
import { type DescribeReply, type ListedGroup, NO_BYTES } from './replies.ts';

/** A group as DescribeGroups shows it: protocol, subscriptions and assignments only while it is stable. */
export function describe(groupId: string, group: ClassicGroup | undefined): DescribeReply {
  if (group === undefined) {
    const errorCode = ErrorCode.GROUP_ID_NOT_FOUND;
    return { type: 'describe', errorCode, groupId, state: 'Dead', protocolType: '', protocolName: '', members: [] };
  }
  const isStable = group.state === 'Stable';
  return {
    type: 'describe',
    errorCode: ErrorCode.NONE,
    groupId,
    state: group.state,
    protocolType: group.protocolType ?? '',
    protocolName: isStable ? (group.protocolName ?? '') : '',
    members: [...group.members.values()].map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      metadata: isStable ? metadataOf(member, group.protocolName) : NO_BYTES,
      assignment: isStable ? member.assignment : NO_BYTES,
    })),
  };
}

/** A group as ListGroups shows it. */
export function listed(group: ClassicGroup): ListedGroup {
  return {
    groupId: group.groupId,
    protocolType: group.protocolType ?? '',
    groupType: 'classic',
    state: group.state,
  };
}
