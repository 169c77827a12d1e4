import { api } from '../schema/api.ts';
import { bytes, int16, int32, int64 } from '../schema/field.ts';

/** Changes when a delegation token ends. */
export const ExpireDelegationToken = api({
  name: 'ExpireDelegationToken',
  key: 40,
  versions: [0, 2],
  flexibleSince: 2,
  listeners: ['broker', 'controller'],
  request: { hmac: bytes, expiryTimePeriodMs: int64 },
  response: { errorCode: int16, expiryTimestampMs: int64, throttleTimeMs: int32 },
});
