import { DeleteTopics, ZERO_UUID } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { type AnyTopic, topicName } from '../topic/topic.ts';
import type { AdminOptions } from './admin.ts';
import { throwFirstFailure } from './first-failure.ts';

/** From here on topics may be given by id as well, and are listed in another field. */
const TOPIC_IDS_SINCE = 6;

export async function deleteTopics(
  cluster: Cluster,
  topics: readonly (AnyTopic | string)[],
  options: AdminOptions,
): Promise<void> {
  const names = topics.map(topicName);
  const timeoutMs = cluster.options.requestTimeoutMs;
  await cluster.retrying(
    async () => {
      const response = await cluster.callController(
        DeleteTopics,
        (version) =>
          version >= TOPIC_IDS_SINCE
            ? { topics: names.map((name) => ({ name, topicId: ZERO_UUID })), timeoutMs }
            : { topicNames: names, timeoutMs },
        { signal: options.signal },
      );
      throwFirstFailure(response.responses.map((outcome) => ({ ...outcome, topic: outcome.name ?? undefined })));
    },
    { signal: options.signal },
  );
}
