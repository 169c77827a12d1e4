import { ErrorCode } from '@ks/protocol';
import type { GroupView } from './group-shard.ts';
import { consumerDescribeError, type ConsumerDescribeReply, type ListedGroup } from './replies.ts';
import type { ConsumerGroup } from './consumer-group.ts';
import { CONSUMER_PROTOCOL_TYPE } from './consumer-protocol.ts';
import { preferredAssignor } from './target-assignment.ts';

/** A group as ConsumerGroupDescribe shows it. */
export function describeConsumerGroup(view: GroupView, groupId: string): ConsumerDescribeReply {
  const group = view.consumerGroup(groupId);
  if (group === undefined) {
    const isClassic = view.group(groupId) !== undefined;
    const message = isClassic ? `Group ${groupId} is not a consumer group` : `Group ${groupId} not found`;
    return consumerDescribeError(groupId, ErrorCode.GROUP_ID_NOT_FOUND, message);
  }
  return {
    type: 'consumer-describe',
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    groupId,
    state: group.state,
    groupEpoch: group.groupEpoch,
    assignmentEpoch: group.assignmentEpoch,
    assignorName: preferredAssignor(group, view.config.consumer.assignors[0] ?? ''),
    members: [...group.members()].map((member) => ({ member, target: group.target(member.memberId) })),
  };
}

/** A group as ListGroups shows it. */
export function listedConsumerGroup(group: ConsumerGroup): ListedGroup {
  return { groupId: group.groupId, protocolType: CONSUMER_PROTOCOL_TYPE, groupType: 'consumer', state: group.state };
}
