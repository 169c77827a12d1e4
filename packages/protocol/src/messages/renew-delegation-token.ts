import { api } from '../schema/api.ts';
import { bytes, int16, int32, int64 } from '../schema/field.ts';

/** Prolongs a delegation token. */
export const RenewDelegationToken = api({
  name: 'RenewDelegationToken',
  key: 39,
  versions: [0, 2],
  flexibleSince: 2,
  listeners: ['broker', 'controller'],
  request: { hmac: bytes, renewPeriodMs: int64 },
  response: { errorCode: int16, expiryTimestampMs: int64, throttleTimeMs: int32 },
});
