import { api } from '../schema/api.ts';
import { array, bool, int16, int32, int64, int8, string } from '../schema/field.ts';

/** Writes the markers that end transactions (coordinator to leader). */
export const WriteTxnMarkers = api({
  name: 'WriteTxnMarkers',
  key: 27,
  versions: [0, 2],
  flexibleSince: 1,
  listeners: ['broker'],
  request: {
    markers: array({
      producerId: int64,
      producerEpoch: int16,
      transactionResult: bool,
      topics: array({ name: string, partitionIndexes: array(int32) }),
      coordinatorEpoch: int32,
      transactionVersion: int8.since(2).default(0).ignorable(),
    }),
  },
  response: {
    markers: array({
      producerId: int64,
      topics: array({ name: string, partitions: array({ partitionIndex: int32, errorCode: int16 }) }),
    }),
  },
});
