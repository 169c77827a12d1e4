import { api } from '../schema/api.ts';
import { array, bool, int16, int32, int8, string } from '../schema/field.ts';

/** Changes finalized feature levels. */
export const UpdateFeatures = api({
  name: 'UpdateFeatures',
  key: 57,
  versions: [0, 2],
  flexibleSince: 0,
  listeners: ['broker', 'controller'],
  request: {
    timeoutMs: int32.default(60000),
    featureUpdates: array({
      feature: string,
      maxVersionLevel: int16,
      allowDowngrade: bool.until(0),
      upgradeType: int8.since(1).default(1),
    }),
    validateOnly: bool.since(1).default(false),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: string.nullable(),
    results: array({ feature: string, errorCode: int16, errorMessage: string.nullable() }).until(1).ignorable(),
  },
});
