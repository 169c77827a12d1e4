import { ErrorCode, OffsetDelete, type RequestOf } from '@ks/protocol';
import type { BrokerServices } from './broker-services.ts';
import { handler, type RequestContext } from './handler.ts';

type Topic = RequestOf<typeof OffsetDelete>['topics'][number];

// OffsetDelete v0 (KIP-496). Offsets of topics that the group subscribes to stay (error 86).
export const offsetDelete = handler(OffsetDelete, {}, async (broker, request, context) => {
  const { groupId } = request;
  if (!context.authorize('DELETE', 'GROUP', groupId)) return refused(ErrorCode.GROUP_AUTHORIZATION_FAILED);
  const checked = request.topics.map((topic) => checkTopic(topic, broker, context));
  const topics = checked.flatMap(({ name, known }) =>
    known.length === 0 ? [] : [{ topic: name, partitionIndexes: known }],
  );
  const reply = await broker.groups.deleteOffsets({ groupId, topics });
  if (reply.errorCode !== ErrorCode.NONE) return refused(reply.errorCode);
  const deleted = reply.topics.values();
  return {
    errorCode: ErrorCode.NONE,
    throttleTimeMs: 0,
    topics: checked.map(({ name, known, refusals }) => {
      const done = known.length === 0 ? [] : (deleted.next().value?.partitions ?? []);
      return { name, partitions: [...done, ...refusals] };
    }),
  };
});

function refused(errorCode: number) {
  return { errorCode, throttleTimeMs: 0, topics: [] };
}

/** The partitions of the request that there are, and the answers for the others. */
function checkTopic({ name, partitions }: Topic, broker: BrokerServices, context: RequestContext) {
  const isAllowed = context.authorize('READ', 'TOPIC', name);
  const count = isAllowed ? (broker.metadata.image().topicsByName.get(name)?.partitions.length ?? 0) : 0;
  const errorCode = isAllowed ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.TOPIC_AUTHORIZATION_FAILED;
  const indexes = partitions.map(({ partitionIndex }) => partitionIndex);
  const isKnown = (index: number): boolean => index >= 0 && index < count;
  return {
    name,
    known: indexes.filter(isKnown),
    refusals: indexes.filter((index) => !isKnown(index)).map((partitionIndex) => ({ partitionIndex, errorCode })),
  };
}
