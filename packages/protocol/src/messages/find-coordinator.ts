import { api } from '../schema/api.ts';
import { array, int16, int32, int8, string } from '../schema/field.ts';

/** FindCoordinator, API key 10. */
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
    errorMessage: string.nullable(0, 3).since(1).until(3).ignorable(),
    nodeId: int32.until(3),
    host: string.until(3),
    port: int32.until(3),
    coordinators: array({
      key: string.since(4),
      nodeId: int32.since(4),
      host: string.since(4),
      port: int32.since(4),
      errorCode: int16.since(4),
      errorMessage: string.nullable().since(4).ignorable(),
    }).since(4),
  },
});
