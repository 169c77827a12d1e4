import { DescribeLogDirs, ErrorCode, type ResponseOf } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { errorFromCode, type KafkaError } from '../kafka-error.ts';
import { topicsWithPartitions } from '../groups/by-topic.ts';
import type { TopicPartition } from '../offsets/list-offsets.ts';
import type { AdminOptions } from './admin-options.ts';
import { eachAlone, settleEach, throwIfFailed } from './items.ts';

export interface DescribeLogDirsOptions extends AdminOptions {
  /** Default: all brokers. */
  readonly brokers?: readonly number[] | undefined;
  /** Default: all partitions. */
  readonly partitions?: readonly TopicPartition[] | undefined;
}

export interface LogDirReplica extends TopicPartition {
  readonly sizeBytes: number;
  /** How far it is behind: the high watermark for a replica that serves, the current replica for one that moves here. */
  readonly offsetLag: number;
  /** Whether it will take the place of the current replica in another directory. */
  readonly isFuture: boolean;
}

export interface LogDirDescription {
  readonly brokerId: number;
  readonly path: string;
  /** Set for a directory that has failed: KAFKA_STORAGE_ERROR. */
  readonly error: KafkaError | undefined;
  /** Of the volume, in bytes; -1 where the broker is too old to say (KIP-827). */
  readonly totalBytes: number;
  readonly usableBytes: number;
  /** Whether no new partitions are placed there (Kafka 4.4). */
  readonly isCordoned: boolean;
  readonly replicas: readonly LogDirReplica[];
}

/** The log directories of brokers, and the replicas that lie there. */
export async function describeLogDirs(
  cluster: Cluster,
  { brokers, partitions, signal }: DescribeLogDirsOptions,
): Promise<LogDirDescription[]> {
  await cluster.retrying(() => cluster.refresh([], signal), { signal });
  const body = { topics: partitions === undefined ? null : topicsWithPartitions(partitions) };
  const describeAt = async (brokerId: number): Promise<LogDirDescription[]> => {
    const answer = await cluster.callBroker(brokerId, DescribeLogDirs, body, { signal });
    throwIfFailed(answer);
    return answer.results.map((result) => descriptionOf(brokerId, result));
  };
  const ids = brokers ?? [...cluster.view.brokers.keys()];
  const described = await settleEach(cluster, ids, (some) => eachAlone(some, describeAt), {
    signal,
    label: (id) => `broker ${id}`,
  });
  return described.flat();
}

function descriptionOf(
  brokerId: number,
  result: ResponseOf<typeof DescribeLogDirs>['results'][number],
): LogDirDescription {
  const { errorCode, logDir: path, totalBytes, usableBytes, isCordoned, topics } = result;
  return {
    brokerId,
    path,
    error: errorCode === ErrorCode.NONE ? undefined : errorFromCode(errorCode, undefined, {}),
    totalBytes,
    usableBytes,
    isCordoned,
    replicas: topics.flatMap(({ name: topic, partitions }) =>
      partitions.map(({ partitionIndex: partition, partitionSize: sizeBytes, offsetLag, isFutureKey: isFuture }) => {
        return { topic, partition, sizeBytes, offsetLag, isFuture };
      }),
    ),
  };
}
