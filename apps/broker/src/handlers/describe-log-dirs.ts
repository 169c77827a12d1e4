// DescribeLogDirs v1-v5 (KIP-113). v3: errorCode. v4: totalBytes, usableBytes (KIP-827). v5: isCordoned (KIP-1066).
import { DescribeLogDirs, ErrorCode, type RequestOf } from '@ks/protocol';
import type { HostedLogDirectory } from '../runtime/replica-manager.ts';
import { handler } from './handler.ts';
import { CLUSTER_NAME } from './shared/authorized-operations.ts';
import { groupByTopic } from './shared/group-by-topic.ts';

type Asked = RequestOf<typeof DescribeLogDirs>['topics'];

export const describeLogDirs = handler(DescribeLogDirs, {}, async (broker, request, context) => {
  if (!context.authorize('DESCRIBE', 'CLUSTER', CLUSTER_NAME)) {
    return { throttleTimeMs: 0, errorCode: ErrorCode.CLUSTER_AUTHORIZATION_FAILED, results: [] };
  }
  const isAsked = filterOf(request.topics);
  const results = await Promise.all(
    broker.replicas.logDirectories().map(async (directory) => {
      // A failed disk may not even answer.
      const space = directory.isOffline ? undefined : await broker.diskSpace.of(directory.path);
      return {
        errorCode: directory.isOffline ? ErrorCode.KAFKA_STORAGE_ERROR : ErrorCode.NONE,
        logDir: directory.path,
        topics: directory.isOffline ? [] : topicsOf(directory, isAsked),
        ...(space ?? {}),
      };
    }),
  );
  return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, results };
});

/** Whether a partition is asked for; null asks for all. */
function filterOf(asked: Asked): (topic: string, partitionIndex: number) => boolean {
  if (asked === null) return () => true;
  const byTopic = new Map<string, Set<number>>();
  for (const { topic, partitions } of asked) {
    const indexes = byTopic.get(topic) ?? new Set();
    for (const index of partitions) indexes.add(index);
    byTopic.set(topic, indexes);
  }
  return (topic, partitionIndex) => byTopic.get(topic)?.has(partitionIndex) === true;
}

function topicsOf({ partitions }: HostedLogDirectory, isAsked: (topic: string, partitionIndex: number) => boolean) {
  const asked = partitions.filter(({ topic, partitionIndex }) => isAsked(topic, partitionIndex));
  return groupByTopic(asked).map(([name, members]) => ({
    name,
    partitions: members.map(({ partitionIndex, sizeBytes, offsetLag }) => ({
      ...{ partitionIndex, partitionSize: sizeBytes, offsetLag, isFutureKey: false },
    })),
  }));
}
