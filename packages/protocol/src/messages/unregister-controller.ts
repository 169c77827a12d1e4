import { api } from '../schema/api.ts';
import { int16, int32, string } from '../schema/field.ts';

/** Removes a controller's registration. */
export const UnregisterController = api({
  name: 'UnregisterController',
  key: 94,
  versions: [0, 0],
  flexibleSince: 0,
  listeners: ['broker', 'controller'],
  request: { controllerId: int32 },
  response: { throttleTimeMs: int32, errorCode: int16, errorMessage: string.nullable() },
});
