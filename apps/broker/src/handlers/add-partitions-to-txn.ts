import { AddPartitionsToTxn, ErrorCode } from '@ks/protocol';
import { internalTopics } from '../core/controller/topic-names.ts';
import { partitionsReply } from '../core/transaction/replies.ts';
import type { TopicPartitionList } from '../core/transaction/topic-partitions.ts';
import type { BrokerServices } from './broker-services.ts';
import { handler, type RequestContext } from './handler.ts';

const PRODUCER_FENCED_SINCE = 2;
const BATCHED_SINCE = 4;

interface AskedTransaction {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly verifyOnly: boolean;
  readonly partitions: TopicPartitionList;
}

// AddPartitionsToTxn v0-v5. v0-v3: a client, for its one transaction. v2: PRODUCER_FENCED. v4: brokers, for several at once, adding or only
// asking (KIP-890). v5: clients know TRANSACTION_ABORTABLE.
export const addPartitionsToTxn = handler(AddPartitionsToTxn, {}, async (broker, request, context) => {
  if (context.apiVersion < BATCHED_SINCE) {
    const asked = {
      transactionalId: request.v3AndBelowTransactionalId,
      producerId: request.v3AndBelowProducerId,
      producerEpoch: request.v3AndBelowProducerEpoch,
      verifyOnly: false,
      partitions: partitionsOf(request.v3AndBelowTopics),
    };
    const isAllowed = context.authorize('WRITE', 'TRANSACTIONAL_ID', asked.transactionalId);
    const results = isAllowed
      ? await askOne(broker, asked, context)
      : sameError(asked, ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
    return { throttleTimeMs: 0, resultsByTopicV3AndBelow: results };
  }
  if (!context.authorize('CLUSTER_ACTION', 'CLUSTER', 'kafka-cluster')) {
    return { throttleTimeMs: 0, errorCode: ErrorCode.CLUSTER_AUTHORIZATION_FAILED, resultsByTransaction: [] };
  }
  const asking = request.transactions.map(async ({ topics, ...transaction }) => ({
    transactionalId: transaction.transactionalId,
    topicResults: await askOne(broker, { ...transaction, partitions: partitionsOf(topics) }, context),
  }));
  return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, resultsByTransaction: await Promise.all(asking) };
});

function partitionsOf(
  topics: readonly { readonly name: string; readonly partitions: readonly number[] }[],
): TopicPartitionList {
  return topics.map(({ name, partitions }) => ({ topic: name, partitionIndexes: partitions }));
}

async function askOne(broker: BrokerServices, asked: AskedTransaction, context: RequestContext) {
  const { verifyOnly, ...request } = asked;
  const refused = refusedPartitions(broker, asked, context);
  if (refused !== undefined) return refused;
  const { topics } = verifyOnly
    ? await broker.transactions.verifyPartitions(request)
    : await broker.transactions.addPartitions({
        ...request,
        // Only a client of KIP-890 has brokers add for it.
        clientTransactionVersion: context.apiVersion >= BATCHED_SINCE ? 2 : 0,
      });
  return topics.map(({ topic, partitions }) => ({
    name: topic,
    resultsByPartition: partitions.map(({ partitionIndex, errorCode }) => ({
      partitionIndex,
      partitionErrorCode: knownError(errorCode, context.apiVersion),
    })),
  }));
}

/** One partition that cannot take part keeps all out. */
function refusedPartitions(broker: BrokerServices, asked: AskedTransaction, context: RequestContext) {
  const { topicsByName } = broker.metadata.image();
  const isFromClient = context.apiVersion < BATCHED_SINCE;
  const faultOf = (topic: string, partitionIndex: number): number => {
    // What is committed to a group is added by AddOffsetsToTxn.
    const isAllowed = !internalTopics.has(topic) && context.authorize('WRITE', 'TOPIC', topic);
    if (isFromClient && !isAllowed) return ErrorCode.TOPIC_AUTHORIZATION_FAILED;
    const isKnown = topicsByName.get(topic)?.partitions[partitionIndex] !== undefined;
    return isKnown ? ErrorCode.NONE : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  };
  const judged = partitionsReply(asked.partitions, faultOf).topics;
  if (judged.every(({ partitions }) => partitions.every(({ errorCode }) => errorCode === ErrorCode.NONE))) {
    return undefined;
  }
  return judged.map(({ topic, partitions }) => ({
    name: topic,
    resultsByPartition: partitions.map(({ partitionIndex, errorCode }) => ({
      partitionIndex,
      partitionErrorCode: errorCode === ErrorCode.NONE ? ErrorCode.OPERATION_NOT_ATTEMPTED : errorCode,
    })),
  }));
}

function sameError({ partitions }: AskedTransaction, partitionErrorCode: number) {
  return partitions.map(({ topic, partitionIndexes }) => ({
    name: topic,
    resultsByPartition: partitionIndexes.map((partitionIndex) => ({ partitionIndex, partitionErrorCode })),
  }));
}

function knownError(errorCode: number, apiVersion: number): number {
  const isUnknown = errorCode === ErrorCode.PRODUCER_FENCED && apiVersion < PRODUCER_FENCED_SINCE;
  return isUnknown ? ErrorCode.INVALID_PRODUCER_EPOCH : errorCode;
}
