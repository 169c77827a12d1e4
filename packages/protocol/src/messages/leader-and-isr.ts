import { api } from '../schema/api.ts';
import { array, bool, int16, int32, int64, int8, string, uuid } from '../schema/field.ts';

/** Told brokers which partitions they lead and follow (ZooKeeper mode, gone in 4.0). */
export const LeaderAndIsr = api({
  name: 'LeaderAndIsr',
  key: 4,
  versions: [0, 7],
  flexibleSince: 4,
  listeners: ['zkBroker'],
  request: {
    controllerId: int32,
    isKRaftController: bool.since(7).default(false),
    controllerEpoch: int32,
    brokerEpoch: int64.since(2).default(-1).ignorable(),
    type: int8.since(5),
    ungroupedPartitionStates: array({
      topicName: string.ignorable(),
      partitionIndex: int32,
      controllerEpoch: int32,
      leader: int32,
      leaderEpoch: int32,
      isr: array(int32),
      partitionEpoch: int32,
      replicas: array(int32),
      addingReplicas: array(int32).since(3).ignorable(),
      removingReplicas: array(int32).since(3).ignorable(),
      isNew: bool.since(1).default(false).ignorable(),
      leaderRecoveryState: int8.since(6).default(0),
    }).until(1),
    topicStates: array({
      topicName: string,
      topicId: uuid.since(5).ignorable(),
      partitionStates: array({
        topicName: string.until(1).ignorable(),
        partitionIndex: int32,
        controllerEpoch: int32,
        leader: int32,
        leaderEpoch: int32,
        isr: array(int32),
        partitionEpoch: int32,
        replicas: array(int32),
        addingReplicas: array(int32).since(3).ignorable(),
        removingReplicas: array(int32).since(3).ignorable(),
        isNew: bool.default(false).ignorable(),
        leaderRecoveryState: int8.since(6).default(0),
      }),
    }).since(2),
    liveLeaders: array({ brokerId: int32, hostName: string, port: int32 }),
  },
  response: {
    errorCode: int16,
    partitionErrors: array({ topicName: string.ignorable(), partitionIndex: int32, errorCode: int16 }).until(4),
    topics: array({
      topicId: uuid,
      partitionErrors: array({ topicName: string.until(4).ignorable(), partitionIndex: int32, errorCode: int16 }),
    }).since(5),
  },
});
