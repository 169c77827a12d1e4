import { DescribeProducers, ErrorCode, errorByCode } from '@ks/protocol';
import type { HostedPartition } from '../runtime/replica-manager.ts';
import type { BrokerServices } from './broker-services.ts';
import { handler, type RequestContext } from './handler.ts';

// DescribeProducers v0 (KIP-664), from the leader of each partition: who has written there, and whose transaction is open since where.
export const describeProducers = handler(DescribeProducers, {}, (broker, request, context) => ({
  throttleTimeMs: 0,
  topics: request.topics.map(({ name, partitionIndexes }) => ({
    name,
    partitions: partitionIndexes.map((partitionIndex) => describePartition(broker, name, partitionIndex, context)),
  })),
}));

function describePartition(broker: BrokerServices, topic: string, partitionIndex: number, context: RequestContext) {
  const refused = (errorCode: number, errorMessage: string | null = null) => ({
    ...{ partitionIndex, errorCode, errorMessage },
    activeProducers: [],
  });
  if (!context.authorize('READ', 'TOPIC', topic)) return refused(ErrorCode.TOPIC_AUTHORIZATION_FAILED);
  const hosted = broker.replicas.partition(topic, partitionIndex);
  if (hosted?.isOpen && hosted.isLeader) {
    return { partitionIndex, errorCode: ErrorCode.NONE, activeProducers: producersOf(hosted) };
  }
  const image = broker.metadata.image().topicsByName.get(topic);
  if (image === undefined) {
    const { UNKNOWN_TOPIC_OR_PARTITION } = ErrorCode;
    return refused(UNKNOWN_TOPIC_OR_PARTITION, errorByCode(UNKNOWN_TOPIC_OR_PARTITION).message);
  }
  return refused(
    image.partitions[partitionIndex] !== undefined
      ? ErrorCode.NOT_LEADER_OR_FOLLOWER
      : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  );
}

function producersOf({ log }: HostedPartition) {
  return Array.from(log.producers.entries, (entry) => ({
    producerId: entry.producerId,
    producerEpoch: entry.producerEpoch,
    lastSequence: entry.batches.at(-1)?.lastSequence ?? -1,
    lastTimestamp: entry.lastTimestampMs,
    coordinatorEpoch: entry.coordinatorEpoch,
    currentTxnStartOffset: entry.transactionFirstOffset ?? -1,
  }));
}
