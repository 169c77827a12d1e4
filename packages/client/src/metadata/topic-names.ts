import { ErrorCode, Metadata } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { errorFromCode } from '../kafka-error.ts';

/** Topics go by id from here on. */
const IDS_SINCE = 12;

/** The names of the topics that match one of the patterns now; those that brokers keep for themselves never do. */
export async function matchingTopics(
  cluster: Cluster,
  patterns: readonly RegExp[],
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const response = await cluster.retrying(
    async () => {
      const answer = await cluster.callAny(
        Metadata,
        { topics: null, allowAutoTopicCreation: false },
        { atLeast: 4, signal },
      );
      if (answer.errorCode !== ErrorCode.NONE) throw errorFromCode(answer.errorCode, undefined, {});
      return answer;
    },
    { signal },
  );
  cluster.absorb(response);
  return response.topics
    .flatMap(({ name, isInternal, errorCode }) =>
      name !== null && !isInternal && errorCode === ErrorCode.NONE && patterns.some((one) => one.test(name))
        ? [name]
        : [],
    )
    .toSorted();
}

/** The names of topics by id, as far as they are known or a broker tells. */
export async function topicNamesOf(
  cluster: Cluster,
  topicIds: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, string>> {
  const names = knownNames(cluster);
  const unknown = topicIds.filter((topicId) => !names.has(topicId));
  if (unknown.length === 0) return names;
  const topics = unknown.map((topicId) => ({ topicId, name: null }));
  cluster.absorb(
    await cluster.callAny(Metadata, { topics, allowAutoTopicCreation: false }, { atLeast: IDS_SINCE, signal }),
  );
  return knownNames(cluster);
}

function knownNames(cluster: Cluster): Map<string, string> {
  const names = new Map<string, string>();
  for (const { name, topicId } of cluster.view.topics.values()) if (topicId !== undefined) names.set(topicId, name);
  return names;
}
