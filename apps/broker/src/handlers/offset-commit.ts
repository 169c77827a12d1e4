import { ErrorCode, OffsetCommit } from '@ks/protocol';
import { handler } from './handler.ts';
import { planCommit, sameError } from './shared/commit-plan.ts';

const CONSUMER_GROUPS_SINCE = 9;
const TOPIC_IDS_SINCE = 10;

// OffsetCommit v2-v10. v2-v4: retention time. v6: leader epoch. v7: static members. v9: groups of the new protocol (KIP-848), error 69
// for an absent group. v10: topic ids.
export const offsetCommit = handler(OffsetCommit, {}, async (broker, request, context) => {
  const { groupId, generationIdOrMemberEpoch, memberId, groupInstanceId, retentionTimeMs } = request;
  if (!context.authorize('READ', 'GROUP', groupId)) {
    return { topics: request.topics.map((topic) => sameError(topic, ErrorCode.GROUP_AUTHORIZATION_FAILED)) };
  }
  const plan = planCommit(request.topics, context.apiVersion >= TOPIC_IDS_SINCE, broker, context);
  if (plan.topics.length === 0) return { topics: plan.answers([]) };
  const reply = await broker.groups.commitOffsets({
    ...{ groupId, memberId, groupInstanceId, retentionTimeMs, topics: plan.topics },
    generationId: generationIdOrMemberEpoch,
    knowsConsumerGroups: context.apiVersion >= CONSUMER_GROUPS_SINCE,
  });
  return { topics: plan.answers(reply.topics) };
});
