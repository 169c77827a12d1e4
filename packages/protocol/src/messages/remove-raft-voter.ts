import { api } from '../schema/api.ts';
import { int16, int32, string, uuid } from '../schema/field.ts';

/** Removes a controller from the Raft quorum (KIP-853). */
export const RemoveRaftVoter = api({
  name: 'RemoveRaftVoter',
  key: 81,
  versions: [0, 0],
  flexibleSince: 0,
  listeners: ['controller', 'broker'],
  request: { clusterId: string.nullable(), voterId: int32, voterDirectoryId: uuid },
  response: { throttleTimeMs: int32, errorCode: int16, errorMessage: string.nullable().ignorable() },
});
