import { api } from '../schema/api.ts';
import { bytes, int16, int64, string } from '../schema/field.ts';

/** Carries the tokens of a SASL mechanism. */
export const SaslAuthenticate = api({
  name: 'SaslAuthenticate',
  key: 36,
  versions: [0, 2],
  flexibleSince: 2,
  listeners: ['broker', 'controller'],
  request: { authBytes: bytes },
  response: {
    errorCode: int16,
    errorMessage: string.nullable(),
    authBytes: bytes,
    sessionLifetimeMs: int64.since(1).default(0).ignorable(),
  },
});
