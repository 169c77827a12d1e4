import { api } from '../schema/api.ts';
import { array, bool, int16, int32, int64, int8, string, uuid } from '../schema/field.ts';

/** Told brokers the cluster's metadata (ZooKeeper mode, gone in 4.0). */
export const UpdateMetadata = api({
  name: 'UpdateMetadata',
  key: 6,
  versions: [0, 8],
  flexibleSince: 6,
  listeners: ['zkBroker'],
  request: {
    controllerId: int32,
    isKRaftController: bool.since(8).default(false),
    type: int8.tag(0, 8).default(0),
    controllerEpoch: int32,
    brokerEpoch: int64.since(5).default(-1).ignorable(),
    ungroupedPartitionStates: array({
      topicName: string.ignorable(),
      partitionIndex: int32,
      controllerEpoch: int32,
      leader: int32,
      leaderEpoch: int32,
      isr: array(int32),
      zkVersion: int32,
      replicas: array(int32),
      offlineReplicas: array(int32).since(4).ignorable(),
    }).until(4),
    topicStates: array({
      topicName: string,
      topicId: uuid.since(7).ignorable(),
      partitionStates: array({
        topicName: string.until(4).ignorable(),
        partitionIndex: int32,
        controllerEpoch: int32,
        leader: int32,
        leaderEpoch: int32,
        isr: array(int32),
        zkVersion: int32,
        replicas: array(int32),
        offlineReplicas: array(int32).ignorable(),
      }),
    }).since(5),
    liveBrokers: array({
      id: int32,
      v0Host: string.until(0).ignorable(),
      v0Port: int32.until(0).ignorable(),
      endpoints: array({ port: int32, host: string, listener: string.since(3).ignorable(), securityProtocol: int16 })
        .since(1)
        .ignorable(),
      rack: string.nullable().since(2).ignorable(),
    }),
  },
  response: { errorCode: int16 },
});
