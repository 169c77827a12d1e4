// DeleteTopics v1-v6. v3: TOPIC_DELETION_DISABLED. v5: errorMessage; THROTTLING_QUOTA_EXCEEDED (KIP-599). v6: by id (KIP-516).
import { DeleteTopics, ErrorCode, type RequestOf, type ResponseInput, ZERO_UUID } from '@ks/protocol';
import type { ClusterImage } from '../core/metadata/image.ts';
import { handler, type RequestContext } from './handler.ts';
import { namedTwice } from './shared/named-twice.ts';

type DeleteTopicsRequest = RequestOf<typeof DeleteTopics>;
type Answer = ResponseInput<typeof DeleteTopics>['responses'][number];
type Asked = DeleteTopicsRequest['topics'][number];

const BY_ID_SINCE = 6;
const DELETION_DISABLED_SINCE = 3;

/** A topic as asked for, and either who it is or why it stays. */
type Resolved =
  | { readonly type: 'found'; readonly name: string }
  | { readonly type: 'refused'; readonly answer: Answer };

export const deleteTopics = handler(DeleteTopics, { byController: true }, async (broker, request, context) => {
  const asked: readonly Asked[] =
    context.apiVersion >= BY_ID_SINCE
      ? request.topics
      : request.topicNames.map((name) => ({ name, topicId: ZERO_UUID }));
  if (!broker.config.values['delete.topic.enable']) {
    const code =
      context.apiVersion < DELETION_DISABLED_SINCE ? ErrorCode.INVALID_REQUEST : ErrorCode.TOPIC_DELETION_DISABLED;
    return { throttleTimeMs: 0, responses: asked.map((topic) => refusal(topic, code, 'delete.topic.enable is false')) };
  }
  const resolved = resolveAll(asked, broker.metadata.image(), context);
  const names = resolved.flatMap((each) => (each.type === 'found' ? [each.name] : []));
  const deleted = await broker.controller.deleteTopics(names, { timeoutMs: request.timeoutMs });
  const answers = new Map(deleted.map((topic) => [topic.name, topic]));
  const responses = resolved.flatMap((each) => {
    if (each.type === 'refused') return [each.answer];
    const { name, topicId, errorCode, errorMessage } = answers.get(each.name) ?? internalError(each.name);
    return [{ name, topicId, errorCode, errorMessage }];
  });
  return { throttleTimeMs: 0, responses };
});

function internalError(name: string) {
  return {
    name,
    topicId: ZERO_UUID,
    errorCode: ErrorCode.UNKNOWN_SERVER_ERROR,
    errorMessage: 'the deletion was not answered',
  };
}

function refusal(topic: Asked, errorCode: number, errorMessage: string): Answer {
  return { name: topic.name, topicId: topic.topicId, errorCode, errorMessage };
}

function resolveAll(asked: readonly Asked[], image: ClusterImage, context: RequestContext): readonly Resolved[] {
  // By id and by name may be one topic.
  const nameOf = (topic: Asked) => topic.name ?? image.topicsById.get(topic.topicId)?.name ?? topic.topicId;
  const twice = namedTwice(asked.map(nameOf));
  const answered = new Set<string>();
  return asked.flatMap((topic): readonly Resolved[] => {
    const name = nameOf(topic);
    if (answered.has(name)) return [];
    answered.add(name);
    if (twice.has(name)) {
      return [{ type: 'refused', answer: refusal(topic, ErrorCode.INVALID_REQUEST, 'the topic is named twice') }];
    }
    return [resolve(topic, image, context)];
  });
}

function resolve(topic: Asked, image: ClusterImage, context: RequestContext): Resolved {
  const refuse = (code: number, message: string): Resolved => ({
    type: 'refused',
    answer: refusal(topic, code, message),
  });
  if (topic.topicId === ZERO_UUID) {
    if (topic.name === null) return refuse(ErrorCode.INVALID_REQUEST, 'neither a name nor an id is given');
    if (!context.authorize('DELETE', 'TOPIC', topic.name))
      return refuse(ErrorCode.TOPIC_AUTHORIZATION_FAILED, 'not allowed');
    if (!image.topicsByName.has(topic.name))
      return refuse(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 'there is no such topic');
    return { type: 'found', name: topic.name };
  }
  if (topic.name !== null) return refuse(ErrorCode.INVALID_REQUEST, 'both a name and an id are given');
  const found = image.topicsById.get(topic.topicId);
  if (found === undefined) return refuse(ErrorCode.UNKNOWN_TOPIC_ID, 'there is no topic of this id');
  if (context.authorize('DELETE', 'TOPIC', found.name)) return { type: 'found', name: found.name };
  // Who may describe the topic is told its name.
  const name = context.authorize('DESCRIBE', 'TOPIC', found.name) ? found.name : null;
  return { type: 'refused', answer: refusal({ ...topic, name }, ErrorCode.TOPIC_AUTHORIZATION_FAILED, 'not allowed') };
}
