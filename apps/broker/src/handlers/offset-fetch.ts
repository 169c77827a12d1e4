import { ErrorCode, OffsetFetch, ZERO_UUID } from '@ks/protocol';
import type { FetchedOffset } from '../core/group/replies.ts';
import type { BrokerServices } from './broker-services.ts';
import { handler, type RequestContext } from './handler.ts';

/** What is asked of one group, whichever version it came by. */
interface AskedGroup {
  readonly groupId: string;
  readonly memberId: string | null;
  readonly memberEpoch: number;
  readonly topics: readonly AskedTopic[] | null;
}
interface AskedTopic {
  readonly name: string;
  readonly topicId: string;
  readonly partitionIndexes: readonly number[];
}

interface FetchedTopic {
  readonly name: string;
  readonly topicId: string;
  readonly partitions: FetchedOffset[];
}
interface FetchedGroup {
  readonly groupId: string;
  readonly errorCode: number;
  readonly topics: FetchedTopic[];
}

// OffsetFetch v1-v10. v2: null topics mean all, an error of the group. v5: leader epoch. v7: requireStable (KIP-447). v8: several groups
// (KIP-709). v9: groups of the new protocol (KIP-848). v10: topic ids.
export const offsetFetch = handler(OffsetFetch, {}, async (broker, request, context) => {
  const { requireStable } = request;
  if (context.apiVersion >= 8) {
    const fetching = request.groups.map((group) => fetchGroup(broker, group, requireStable, context));
    return { groups: await Promise.all(fetching) };
  }
  const { groupId, topics } = request;
  const asked = topics?.map((topic) => ({ ...topic, topicId: ZERO_UUID })) ?? null;
  const fetched = await fetchGroup(broker, { groupId, ...noMember, topics: asked }, requireStable, context);
  if (context.apiVersion < 2 && fetched.errorCode !== ErrorCode.NONE) {
    // v1 has no place for an error but the partitions.
    return { topics: (asked ?? []).map((topic) => failedTopic(topic, fetched.errorCode)) };
  }
  return { topics: fetched.topics, errorCode: fetched.errorCode };
});

/** Before v9 a client does not say who it is. */
const noMember = { memberId: null, memberEpoch: -1 };

async function fetchGroup(
  broker: BrokerServices,
  asked: AskedGroup,
  requireStable: boolean,
  context: RequestContext,
): Promise<FetchedGroup> {
  const { groupId, memberId, memberEpoch } = asked;
  if (!context.authorize('DESCRIBE', 'GROUP', groupId)) {
    return { groupId, errorCode: ErrorCode.GROUP_AUTHORIZATION_FAILED, topics: [] };
  }
  if (asked.topics === null) return await fetchAll(broker, asked, requireStable, context);
  const checked = asked.topics.map((topic) => checkTopic(topic, broker, context));
  const topics = checked.flatMap((each) =>
    'name' in each ? [{ topic: each.name, partitionIndexes: each.partitionIndexes }] : [],
  );
  const { errorCode, topics: found } = await broker.groups.fetchOffsets({
    ...{ groupId, memberId, memberEpoch },
    requireStable,
    topics,
  });
  if (errorCode !== ErrorCode.NONE) return { groupId, errorCode, topics: [] };
  const fetched = found.values();
  const answers = asked.topics.map((topic, index) => {
    const each = checked[index];
    if (each !== undefined && 'errorCode' in each) return failedTopic(topic, each.errorCode);
    const { name, topicId } = topic;
    return { name, topicId, partitions: [...(fetched.next().value?.partitions ?? [])] };
  });
  return { groupId, errorCode, topics: answers };
}

/** Every offset of the group, of topics that the principal may see (and, by id, that there are). */
async function fetchAll(
  broker: BrokerServices,
  { groupId, memberId, memberEpoch }: AskedGroup,
  requireStable: boolean,
  context: RequestContext,
): Promise<FetchedGroup> {
  const asked = { groupId, memberId, memberEpoch, requireStable, topics: null };
  const { errorCode, topics } = await broker.groups.fetchOffsets(asked);
  const { topicsByName } = broker.metadata.image();
  const seen = topics
    .filter(({ topic }) => context.authorize('DESCRIBE', 'TOPIC', topic))
    .map(({ topic, partitions }) => {
      const topicId = topicsByName.get(topic)?.topicId ?? ZERO_UUID;
      return { name: topic, topicId, partitions: [...partitions] };
    })
    .filter(({ topicId }) => context.apiVersion < 10 || topicId !== ZERO_UUID);
  return { groupId, errorCode, topics: seen };
}

function checkTopic(
  topic: AskedTopic,
  broker: BrokerServices,
  context: RequestContext,
): { readonly errorCode: number } | { readonly name: string; readonly partitionIndexes: readonly number[] } {
  const isById = context.apiVersion >= 10;
  const name = isById ? broker.metadata.image().topicsById.get(topic.topicId)?.name : topic.name;
  if (name === undefined) return { errorCode: ErrorCode.UNKNOWN_TOPIC_ID };
  if (!context.authorize('DESCRIBE', 'TOPIC', name)) return { errorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED };
  return { name, partitionIndexes: topic.partitionIndexes };
}

function failedTopic({ name, topicId, partitionIndexes }: AskedTopic, errorCode: number): FetchedTopic {
  const nothing = { committedOffset: -1, committedLeaderEpoch: -1, metadata: '' };
  return {
    name,
    topicId,
    partitions: partitionIndexes.map((partitionIndex) => ({ partitionIndex, ...nothing, errorCode })),
  };
}
