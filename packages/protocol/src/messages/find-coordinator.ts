import { api } from '../schema/api.ts';
import { array, int16, int32, int8, string } from '../schema/field.ts';

/** Finds the broker that coordinates a group, a transactional id or a share partition. */
export const FindCoordinator = api({
  name: 'FindCoordinator',
  key: 10,
  versions: [0, 6],
  flexibleSince: 3,
  listeners: ['broker'],
  request: { key: string.until(3), keyType: int8.since(1).default(0), coordinatorKeys: array(string).since(4) },
  response: {
    throttleTimeMs: int32.since(1).ignorable(),
    errorCode: int16.until(3),
    errorMessage: string.nullable().since(1).until(3).ignorable(),
    nodeId: int32.until(3),
    host: string.until(3),
    port: int32.until(3),
    coordinators: array({
      key: string,
      nodeId: int32,
      host: string,
      port: int32,
      errorCode: int16,
      errorMessage: string.nullable().ignorable(),
    }).since(4),
  },
});
