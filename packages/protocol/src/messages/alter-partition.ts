import { api } from '../schema/api.ts';
import { array, int16, int32, int64, int8, string, uuid } from '../schema/field.ts';

/** Changes a partition's in-sync replicas (leader to controller). */
export const AlterPartition = api({
  name: 'AlterPartition',
  key: 56,
  versions: [0, 3],
  flexibleSince: 0,
  listeners: ['controller'],
  request: {
    brokerId: int32,
    brokerEpoch: int64.default(-1),
    topics: array({
      topicName: string.until(1).ignorable(),
      topicId: uuid.since(2).ignorable(),
      partitions: array({
        partitionIndex: int32,
        leaderEpoch: int32,
        newIsr: array(int32).until(2),
        newIsrWithEpochs: array({ brokerId: int32, brokerEpoch: int64.default(-1) }).since(3),
        leaderRecoveryState: int8.since(1).default(0),
        partitionEpoch: int32,
      }),
    }),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    topics: array({
      topicName: string.until(1).ignorable(),
      topicId: uuid.since(2).ignorable(),
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        leaderId: int32,
        leaderEpoch: int32,
        isr: array(int32),
        leaderRecoveryState: int8.since(1).default(0).ignorable(),
        partitionEpoch: int32,
      }),
    }),
  },
});
