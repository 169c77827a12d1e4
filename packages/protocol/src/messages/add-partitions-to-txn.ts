import { api } from '../schema/api.ts';
import { array, bool, int16, int32, int64, string } from '../schema/field.ts';

/** AddPartitionsToTxn, API key 24. */
export const AddPartitionsToTxn = api({
  name: 'AddPartitionsToTxn',
  key: 24,
  versions: [0, 5],
  flexibleSince: 3,
  listeners: ['broker'],
  request: {
    transactions: array({
      transactionalId: string.since(4),
      producerId: int64.since(4),
      producerEpoch: int16.since(4),
      verifyOnly: bool.since(4).default(false),
      topics: array({ name: string, partitions: array(int32) }).since(4),
    }).since(4),
    v3AndBelowTransactionalId: string.until(3),
    v3AndBelowProducerId: int64.until(3),
    v3AndBelowProducerEpoch: int16.until(3),
    v3AndBelowTopics: array({ name: string, partitions: array(int32) }).until(3),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16.since(4).ignorable(),
    resultsByTransaction: array({
      transactionalId: string.since(4),
      topicResults: array({
        name: string,
        resultsByPartition: array({ partitionIndex: int32, partitionErrorCode: int16 }),
      }).since(4),
    }).since(4),
    resultsByTopicV3AndBelow: array({
      name: string,
      resultsByPartition: array({ partitionIndex: int32, partitionErrorCode: int16 }),
    }).until(3),
  },
});
