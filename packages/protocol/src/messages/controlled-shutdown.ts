import { api } from '../schema/api.ts';
import { array, int16, int32, int64, string } from '../schema/field.ts';

/** Moves leadership away from a broker that is going down (ZooKeeper mode, gone in 4.0). */
export const ControlledShutdown = api({
  name: 'ControlledShutdown',
  key: 7,
  versions: [0, 3],
  flexibleSince: 3,
  listeners: ['zkBroker', 'controller'],
  request: { brokerId: int32, brokerEpoch: int64.since(2).default(-1).ignorable() },
  response: { errorCode: int16, remainingPartitions: array({ topicName: string, partitionIndex: int32 }) },
});
