import { api } from '../schema/api.ts';
import { bool, int16, int32, int64, string } from '../schema/field.ts';

/** Gives a producer its id and epoch, fencing earlier ones of the same transactional id. */
export const InitProducerId = api({
  name: 'InitProducerId',
  key: 22,
  versions: [0, 6],
  flexibleSince: 2,
  listeners: ['broker'],
  latestVersionUnstable: true,
  request: {
    transactionalId: string.nullable(),
    transactionTimeoutMs: int32,
    producerId: int64.since(3).default(-1),
    producerEpoch: int16.since(3).default(-1),
    enable2Pc: bool.since(6).default(false),
    keepPreparedTxn: bool.since(6).default(false),
  },
  response: {
    throttleTimeMs: int32.ignorable(),
    errorCode: int16,
    producerId: int64.default(-1),
    producerEpoch: int16,
    ongoingTxnProducerId: int64.since(6).default(-1),
    ongoingTxnProducerEpoch: int16.since(6).default(-1),
  },
});
