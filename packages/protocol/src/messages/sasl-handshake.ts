import { api } from '../schema/api.ts';
import { NEVER, array, int16, string } from '../schema/field.ts';

/** Chooses the SASL mechanism of a connection. */
export const SaslHandshake = api({
  name: 'SaslHandshake',
  key: 17,
  versions: [0, 1],
  flexibleSince: NEVER,
  listeners: ['broker', 'controller'],
  request: { mechanism: string },
  response: { errorCode: int16, mechanisms: array(string) },
});
