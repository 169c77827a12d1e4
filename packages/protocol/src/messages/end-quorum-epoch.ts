import { api } from '../schema/api.ts';
import { array, int16, int32, string, uint16, uuid } from '../schema/field.ts';

/** EndQuorumEpoch, API key 54. */
export const EndQuorumEpoch = api({
  name: 'EndQuorumEpoch',
  key: 54,
  versions: [0, 1],
  flexibleSince: 1,
  listeners: ['controller'],
  request: {
    clusterId: string.nullable().default(null),
    topics: array({
      topicName: string,
      partitions: array({
        partitionIndex: int32,
        leaderId: int32,
        leaderEpoch: int32,
        preferredSuccessors: array(int32).until(0).ignorable(),
        preferredCandidates: array({ candidateId: int32.since(1), candidateDirectoryId: uuid.since(1) })
          .since(1)
          .ignorable(),
      }),
    }),
    leaderEndpoints: array({ name: string.since(1), host: string.since(1), port: uint16.since(1) })
      .since(1)
      .ignorable(),
  },
  response: {
    errorCode: int16,
    topics: array({
      topicName: string,
      partitions: array({ partitionIndex: int32, errorCode: int16, leaderId: int32, leaderEpoch: int32 }),
    }),
    nodeEndpoints: array({ nodeId: int32.since(1), host: string.since(1), port: uint16.since(1) }).tag(0, 1),
  },
});
