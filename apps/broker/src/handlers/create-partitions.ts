// CreatePartitions v0-v3 (KIP-195). v2: flexible. v3: THROTTLING_QUOTA_EXCEEDED (KIP-599).
import { CreatePartitions, ErrorCode, type RequestOf, type ResponseInput } from '@ks/protocol';
import { handler } from './handler.ts';
import { namedTwice } from './shared/named-twice.ts';

type Asked = RequestOf<typeof CreatePartitions>['topics'][number];
type Answer = ResponseInput<typeof CreatePartitions>['results'][number];

export const createPartitions = handler(CreatePartitions, { byController: true }, async (broker, request, context) => {
  const twice = namedTwice(request.topics.map((topic) => topic.name));
  const answers = new Map<string, Answer>();
  const allowed: Asked[] = [];
  for (const topic of request.topics) {
    const { name } = topic;
    if (twice.has(name)) answers.set(name, result(name, ErrorCode.INVALID_REQUEST, 'the topic is named twice'));
    else if (context.authorize('ALTER', 'TOPIC', name)) allowed.push(topic);
    else answers.set(name, result(name, ErrorCode.TOPIC_AUTHORIZATION_FAILED, 'not allowed to alter the topic'));
  }
  const specs = allowed.map(({ name, count, assignments }) => ({
    name,
    count,
    assignments: assignments === null ? null : assignments.map((each) => each.brokerIds),
  }));
  const { timeoutMs, validateOnly } = request;
  for (const done of await broker.controller.createPartitions(specs, { timeoutMs, validateOnly })) {
    answers.set(done.name, result(done.name, done.errorCode, done.errorMessage));
  }
  const names = new Set(request.topics.map((topic) => topic.name));
  return { throttleTimeMs: 0, results: [...names].flatMap((name) => answers.get(name) ?? []) };
});

function result(name: string, errorCode: number, errorMessage: string | null): Answer {
  return { name, errorCode, errorMessage };
}
