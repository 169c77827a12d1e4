import { api } from '../schema/api.ts';
import { array, bytes, int16, int32, int64, string } from '../schema/field.ts';

/** Lists delegation tokens. */
export const DescribeDelegationToken = api({
  name: 'DescribeDelegationToken',
  key: 41,
  versions: [0, 3],
  flexibleSince: 2,
  listeners: ['broker', 'controller'],
  request: { owners: array({ principalType: string, principalName: string }).nullable() },
  response: {
    errorCode: int16,
    tokens: array({
      principalType: string,
      principalName: string,
      tokenRequesterPrincipalType: string.since(3),
      tokenRequesterPrincipalName: string.since(3),
      issueTimestamp: int64,
      expiryTimestamp: int64,
      maxTimestamp: int64,
      tokenId: string,
      hmac: bytes,
      renewers: array({ principalType: string, principalName: string }),
    }),
    throttleTimeMs: int32,
  },
});
