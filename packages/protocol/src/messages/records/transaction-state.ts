import { NEVER, array, int16, int32, int64, int8, string } from '../../schema/field.ts';
import { message } from '../../schema/message.ts';

// Records of __transaction_state: the key begins with an int16 record type, the value with an int16 version.

/** TransactionLogKey, key of record type 0 of __transaction_state. */
export const TransactionLogKey = message('TransactionLogKey', [0, 0], NEVER, { transactionalId: string });

/** TransactionLogValue, value of record type 0 of __transaction_state. */
export const TransactionLogValue = message('TransactionLogValue', [0, 1], 1, {
  producerId: int64,
  previousProducerId: int64.tag(0, 1).default(-1),
  nextProducerId: int64.tag(1, 1).default(-1),
  producerEpoch: int16,
  nextProducerEpoch: int16.tag(3, 1).default(-1),
  transactionTimeoutMs: int32,
  transactionStatus: int8,
  transactionPartitions: array({ topic: string, partitionIds: array(int32) }).nullable(),
  transactionLastUpdateTimestampMs: int64,
  transactionStartTimestampMs: int64,
  clientTransactionVersion: int16.tag(2, 1).default(0),
});
