import { DescribeTransactions, ErrorCode } from '@ks/protocol';
import { listOfPartitions } from '../core/transaction/topic-partitions.ts';
import type { BrokerServices } from './broker-services.ts';
import { handler, type RequestContext } from './handler.ts';

const nothing = {
  transactionState: '',
  transactionTimeoutMs: 0,
  transactionStartTimeMs: 0,
  producerId: 0,
  producerEpoch: 0,
  topics: [],
};

// DescribeTransactions v0 (KIP-664). Topics that the principal may not describe are left out.
export const describeTransactions = handler(DescribeTransactions, {}, async (broker, request, context) => {
  const describing = request.transactionalIds.map((transactionalId) => describeOne(broker, transactionalId, context));
  return { throttleTimeMs: 0, transactionStates: await Promise.all(describing) };
});

async function describeOne(broker: BrokerServices, transactionalId: string, context: RequestContext) {
  if (!context.authorize('DESCRIBE', 'TRANSACTIONAL_ID', transactionalId)) {
    return { ...nothing, transactionalId, errorCode: ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED };
  }
  if (transactionalId === '') return { ...nothing, transactionalId, errorCode: ErrorCode.INVALID_REQUEST };
  const { errorCode, transaction } = await broker.transactions.describeTransaction(transactionalId);
  if (transaction === undefined) return { ...nothing, transactionalId, errorCode };
  return {
    errorCode,
    transactionalId,
    transactionState: transaction.state,
    transactionTimeoutMs: transaction.timeoutMs,
    transactionStartTimeMs: transaction.startTimestamp,
    producerId: transaction.producerId,
    producerEpoch: transaction.producerEpoch,
    topics: listOfPartitions(transaction.partitions)
      .filter(({ topic }) => context.authorize('DESCRIBE', 'TOPIC', topic))
      .map(({ topic, partitionIndexes }) => ({ topic, partitions: partitionIndexes })),
  };
}
