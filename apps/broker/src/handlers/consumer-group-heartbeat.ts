import { ConsumerGroupHeartbeat, ErrorCode, type RequestOf } from '@ks/protocol';
import type { AnyPartitions } from '../core/group/topic-partitions.ts';
import { handler } from './handler.ts';
import { servesConsumerGroups } from './shared/group-features.ts';

// ConsumerGroupHeartbeat v0-v1 (KIP-848). v1: regular expressions; the client makes its member id.
export const consumerGroupHeartbeat = handler(ConsumerGroupHeartbeat, {}, async (broker, request, context) => {
  const { groupId, subscribedTopicNames } = request;
  if (!servesConsumerGroups(broker)) return refused(ErrorCode.UNSUPPORTED_VERSION);
  if (!context.authorize('READ', 'GROUP', groupId)) return refused(ErrorCode.GROUP_AUTHORIZATION_FAILED);
  const mayDescribe = (topic: string): boolean => context.authorize('DESCRIBE', 'TOPIC', topic);
  if (!(subscribedTopicNames ?? []).every(mayDescribe)) return refused(ErrorCode.TOPIC_AUTHORIZATION_FAILED);
  const {
    type: _type,
    assignment,
    ...reply
  } = await broker.groups.consumerHeartbeat({
    groupId,
    memberId: request.memberId,
    givesMemberId: context.apiVersion === 0,
    memberEpoch: request.memberEpoch,
    instanceId: request.instanceId,
    rackId: request.rackId,
    rebalanceTimeoutMs: request.rebalanceTimeoutMs,
    subscribedTopicNames,
    subscribedTopicRegex: request.subscribedTopicRegex,
    serverAssignor: request.serverAssignor,
    topicPartitions: request.topicPartitions && partitionsOf(request.topicPartitions),
    clientId: context.clientId ?? '',
    clientHost: `/${context.remoteAddress}`,
    mayDescribe,
  });
  const told = assignment && { topicPartitions: topicPartitionsOf(assignment) };
  return { throttleTimeMs: 0, ...reply, assignment: told };
});

function refused(errorCode: number) {
  return { throttleTimeMs: 0, errorCode, memberEpoch: 0, heartbeatIntervalMs: 0 };
}

function partitionsOf(
  topics: NonNullable<RequestOf<typeof ConsumerGroupHeartbeat>['topicPartitions']>,
): ReadonlyMap<string, ReadonlySet<number>> {
  const partitions = new Map<string, Set<number>>();
  for (const { topicId, partitions: each } of topics) {
    partitions.set(topicId, new Set([...(partitions.get(topicId) ?? []), ...each]));
  }
  return partitions;
}

function topicPartitionsOf(assignment: AnyPartitions) {
  return [...assignment].map(([topicId, partitions]) => ({ topicId, partitions: [...partitions.keys()] }));
}
