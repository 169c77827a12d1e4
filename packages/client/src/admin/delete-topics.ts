import { DeleteTopics, ZERO_UUID } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { type AnyTopic, topicName } from '../topic/topic.ts';
import type { AdminOptions } from './admin-options.ts';
import { outcomeOf, settleEach } from './items.ts';

/** A topic by its id, which no topic of the same name that comes later has. */
export interface TopicById {
  readonly topicId: string;
}

/** From here on topics may be given by id as well, and are listed in another field. */
const TOPIC_IDS_SINCE = 6;

export async function deleteTopics(
  cluster: Cluster,
  topics: readonly (AnyTopic | string | TopicById)[],
  { signal }: AdminOptions,
): Promise<void> {
  const wanted = topics.map((topic) =>
    typeof topic === 'object' && 'topicId' in topic
      ? { name: null, topicId: topic.topicId }
      : { name: topicName(topic), topicId: ZERO_UUID },
  );
  const atLeast = wanted.some(({ name }) => name === null) ? TOPIC_IDS_SINCE : undefined;
  const timeoutMs = cluster.options.requestTimeoutMs;
  await settleEach(
    cluster,
    wanted,
    async (some) => {
      const { responses } = await cluster.callController(
        DeleteTopics,
        (version) =>
          version >= TOPIC_IDS_SINCE
            ? { topics: some, timeoutMs }
            : { topicNames: some.map(({ name }) => name ?? ''), timeoutMs },
        { signal, atLeast },
      );
      return some.map(({ name, topicId }) => {
        const answer = responses.find((one) => (name === null ? one.topicId === topicId : one.name === name));
        return outcomeOf(answer, () => undefined, { topic: name ?? topicId });
      });
    },
    { signal, label: ({ name, topicId }) => name ?? topicId },
  );
}
