import { api } from '../schema/api.ts';
import { array, int16, int32, string, struct, uint16, uuid } from '../schema/field.ts';

/** Changes a controller's endpoints in the Raft quorum (KIP-853). */
export const UpdateRaftVoter = api({
  name: 'UpdateRaftVoter',
  key: 82,
  versions: [0, 0],
  flexibleSince: 0,
  listeners: ['controller'],
  request: {
    clusterId: string.nullable(),
    currentLeaderEpoch: int32,
    voterId: int32,
    voterDirectoryId: uuid,
    listeners: array({ name: string, host: string, port: uint16 }),
    kRaftVersionFeature: struct({ minSupportedVersion: int16, maxSupportedVersion: int16 }),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    currentLeader: struct({
      leaderId: int32.default(-1),
      leaderEpoch: int32.default(-1),
      host: string,
      port: int32,
    }).tag(0, 0),
  },
});
