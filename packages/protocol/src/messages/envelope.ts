import { api } from '../schema/api.ts';
import { bytes, int16 } from '../schema/field.ts';

/** Wraps a request that a broker forwards to the controller. */
export const Envelope = api({
  name: 'Envelope',
  key: 58,
  versions: [0, 0],
  flexibleSince: 0,
  listeners: ['controller'],
  request: { requestData: bytes, requestPrincipal: bytes.nullable(), clientHostAddress: bytes },
  response: { responseData: bytes.nullable().default(null), errorCode: int16 },
});
