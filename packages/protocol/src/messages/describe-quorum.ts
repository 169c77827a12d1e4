import { api } from '../schema/api.ts';
import { array, int16, int32, int64, string, uint16, uuid } from '../schema/field.ts';

const replicaState = {
  replicaId: int32,
  replicaDirectoryId: uuid.since(2),
  logEndOffset: int64,
  lastFetchTimestamp: int64.since(1).default(-1).ignorable(),
  lastCaughtUpTimestamp: int64.since(1).default(-1).ignorable(),
};

/** Describes the Raft quorum: leader, voters, observers and how far each is. */
export const DescribeQuorum = api({
  name: 'DescribeQuorum',
  key: 55,
  versions: [0, 2],
  flexibleSince: 0,
  listeners: ['broker', 'controller'],
  request: { topics: array({ topicName: string, partitions: array({ partitionIndex: int32 }) }) },
  response: {
    errorCode: int16,
    errorMessage: string.nullable().since(2).ignorable(),
    topics: array({
      topicName: string,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        errorMessage: string.nullable().since(2).ignorable(),
        leaderId: int32,
        leaderEpoch: int32,
        highWatermark: int64,
        currentVoters: array(replicaState),
        observers: array(replicaState),
      }),
    }),
    nodes: array({ nodeId: int32, listeners: array({ name: string, host: string, port: uint16 }) }).since(2),
  },
});
