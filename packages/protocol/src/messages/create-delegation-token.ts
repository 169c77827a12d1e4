import { api } from '../schema/api.ts';
import { array, bytes, int16, int32, int64, string } from '../schema/field.ts';

/** Creates a delegation token. */
export const CreateDelegationToken = api({
  name: 'CreateDelegationToken',
  key: 38,
  versions: [0, 3],
  flexibleSince: 2,
  listeners: ['broker', 'controller'],
  request: {
    ownerPrincipalType: string.nullable().since(3),
    ownerPrincipalName: string.nullable().since(3),
    renewers: array({ principalType: string, principalName: string }),
    maxLifetimeMs: int64,
  },
  response: {
    errorCode: int16,
    principalType: string,
    principalName: string,
    tokenRequesterPrincipalType: string.since(3),
    tokenRequesterPrincipalName: string.since(3),
    issueTimestampMs: int64,
    expiryTimestampMs: int64,
    maxTimestampMs: int64,
    tokenId: string,
    hmac: bytes,
    throttleTimeMs: int32,
  },
});
