import { ZERO_UUID } from '@ks/protocol';
import type { ReplicaManager } from '../../runtime/replica-manager.ts';

/** How a request names a topic: by name in older versions, by id in newer ones. */
export interface TopicReference {
  readonly name: string;
  readonly topicId: string;
}

/** The topic's name by the image in force; undefined where no topic has the id (UNKNOWN_TOPIC_ID). */
export function resolveTopicName(replicas: ReplicaManager, topic: TopicReference, byId: boolean): string | undefined {
  if (!byId) return topic.name;
  if (topic.topicId === ZERO_UUID) return undefined;
  return replicas.image?.topicsById.get(topic.topicId)?.name;
}
