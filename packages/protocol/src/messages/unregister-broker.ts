import { api } from '../schema/api.ts';
import { int16, int32, string } from '../schema/field.ts';

/** Removes a broker's registration. */
export const UnregisterBroker = api({
  name: 'UnregisterBroker',
  key: 64,
  versions: [0, 0],
  flexibleSince: 0,
  listeners: ['broker', 'controller'],
  request: { brokerId: int32 },
  response: { throttleTimeMs: int32, errorCode: int16, errorMessage: string.nullable() },
});
