import { api } from '../schema/api.ts';
import { array, bool, int16, int32, int64, string } from '../schema/field.ts';

/** Told brokers to stop replicating or to delete partitions (ZooKeeper mode, gone in 4.0). */
export const StopReplica = api({
  name: 'StopReplica',
  key: 5,
  versions: [0, 4],
  flexibleSince: 2,
  listeners: ['zkBroker'],
  request: {
    controllerId: int32,
    isKRaftController: bool.since(4).default(false),
    controllerEpoch: int32,
    brokerEpoch: int64.since(1).default(-1).ignorable(),
    deletePartitions: bool.until(2),
    ungroupedPartitions: array({ topicName: string, partitionIndex: int32 }).until(0),
    topics: array({ name: string, partitionIndexes: array(int32) })
      .since(1)
      .until(2),
    topicStates: array({
      topicName: string,
      partitionStates: array({ partitionIndex: int32, leaderEpoch: int32.default(-1), deletePartition: bool }),
    }).since(3),
  },
  response: {
    errorCode: int16,
    partitionErrors: array({ topicName: string, partitionIndex: int32, errorCode: int16 }),
  },
});
