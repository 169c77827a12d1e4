import { ConsumerGroupDescribe, ErrorCode } from '@ks/protocol';
import type { ConsumerDescribeReply } from '../core/group/replies.ts';
import { type AnyPartitions, union } from '../core/group/topic-partitions.ts';
import type { ClusterImage } from '../core/metadata/image.ts';
import type { BrokerServices } from './broker-services.ts';
import { handler, type RequestContext } from './handler.ts';
import { servesConsumerGroups } from './shared/group-features.ts';
import { groupOperationBits, OPERATIONS_NOT_ASKED } from './shared/group-operations.ts';

const MEMBER_TYPE_CLASSIC = 0;
const MEMBER_TYPE_CONSUMER = 1;

// ConsumerGroupDescribe v0-v1 (KIP-848). v1: which protocol each member speaks.
export const consumerGroupDescribe = handler(ConsumerGroupDescribe, {}, async (broker, request, context) => {
  const describing = request.groupIds.map(async (groupId) => {
    const described = await describeGroup(broker, groupId, context);
    const isAsked = request.includeAuthorizedOperations && described.errorCode === ErrorCode.NONE;
    const authorizedOperations = isAsked ? groupOperationBits(groupId, context) : OPERATIONS_NOT_ASKED;
    return { ...described, authorizedOperations };
  });
  return { throttleTimeMs: 0, groups: await Promise.all(describing) };
});

async function describeGroup(broker: BrokerServices, groupId: string, context: RequestContext) {
  if (!servesConsumerGroups(broker)) return failed(groupId, ErrorCode.UNSUPPORTED_VERSION, null);
  if (!context.authorize('DESCRIBE', 'GROUP', groupId)) {
    return failed(groupId, ErrorCode.GROUP_AUTHORIZATION_FAILED, null);
  }
  const reply = await broker.groups.describeConsumerGroup(groupId);
  if (reply.errorCode !== ErrorCode.NONE) return failed(groupId, reply.errorCode, reply.errorMessage);
  const image = broker.metadata.image();
  if (![...topicNamesIn(reply, image)].every((topic) => context.authorize('DESCRIBE', 'TOPIC', topic))) {
    const message = 'The group has topics that this principal may not describe';
    return failed(groupId, ErrorCode.TOPIC_AUTHORIZATION_FAILED, message);
  }
  return {
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    groupId,
    groupState: reply.state,
    groupEpoch: reply.groupEpoch,
    assignmentEpoch: reply.assignmentEpoch,
    assignorName: reply.assignorName,
    members: reply.members.map(({ member, target }) => ({
      memberId: member.memberId,
      instanceId: member.instanceId,
      rackId: member.rackId,
      memberEpoch: member.memberEpoch,
      clientId: member.clientId,
      clientHost: member.clientHost,
      subscribedTopicNames: [...member.subscribedTopicNames],
      subscribedTopicRegex: member.subscribedTopicRegex,
      // What it has yet to give up is still its own.
      assignment: { topicPartitions: named(union(member.assigned, member.pendingRevocation), image) },
      targetAssignment: { topicPartitions: named(target, image) },
      memberType: member.classic === null ? MEMBER_TYPE_CONSUMER : MEMBER_TYPE_CLASSIC,
    })),
  };
}

function failed(groupId: string, errorCode: number, errorMessage: string | null) {
  return {
    errorCode,
    errorMessage,
    groupId,
    groupState: '',
    groupEpoch: 0,
    assignmentEpoch: 0,
    assignorName: '',
    members: [],
  };
}

function topicNamesIn(reply: ConsumerDescribeReply, image: ClusterImage): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { member, target } of reply.members) {
    for (const name of member.subscribedTopicNames) names.add(name);
    for (const { topicName } of [
      ...named(member.assigned, image),
      ...named(member.pendingRevocation, image),
      ...named(target, image),
    ])
      names.add(topicName);
  }
  return names;
}

/** With the names of the topics; one that is gone by now is left out. */
function named(partitions: AnyPartitions, { topicsById }: ClusterImage) {
  return [...partitions].flatMap(([topicId, each]) => {
    const topicName = topicsById.get(topicId)?.name;
    return topicName === undefined ? [] : [{ topicId, topicName, partitions: [...each.keys()] }];
  });
}
