import { ErrorCode } from '@ks/protocol';
import { coordinatorPartition } from '../core/group/coordinator-partition.ts';
import type { ClusterImage } from '../core/metadata/image.ts';
import type { FoundCoordinator } from './group-coordinator.ts';
import type { TopicAdmin } from './topic-admin.ts';
import type { InternalTopicName } from './topic-admin-rules.ts';

export interface LocationOptions {
  readonly controller: Pick<TopicAdmin, 'ensureInternalTopic'>;
  readonly image: () => ClusterImage;
}

/** Who leads the partition of `topic` that `key` belongs to, as clients of `listenerName` reach it. Creates the topic where there is none. */
export async function locateCoordinator(
  topic: InternalTopicName,
  key: string,
  listenerName: string,
  { controller, image }: LocationOptions,
): Promise<FoundCoordinator> {
  if (!image().topicsByName.has(topic)) {
    const { errorCode, errorMessage } = await controller.ensureInternalTopic(topic);
    if (errorCode !== ErrorCode.NONE) return notFound(errorMessage);
  }
  const partitions = image().topicsByName.get(topic)?.partitions ?? [];
  const leader = partitions[coordinatorPartition(key, partitions.length)]?.leader ?? -1;
  const endpoints = image().brokers.get(leader)?.endpoints;
  const endpoint = endpoints?.find((each) => each.listenerName === listenerName);
  if (endpoint === undefined) return notFound(null);
  const { host, port } = endpoint;
  return { errorCode: ErrorCode.NONE, errorMessage: null, nodeId: leader, host, port };
}

function notFound(errorMessage: string | null): FoundCoordinator {
  return { errorCode: ErrorCode.COORDINATOR_NOT_AVAILABLE, errorMessage, nodeId: -1, host: '', port: -1 };
}
