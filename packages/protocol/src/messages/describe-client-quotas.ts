import { api } from '../schema/api.ts';
import { array, bool, float64, int16, int32, int8, string } from '../schema/field.ts';

/** Reads client quotas. */
export const DescribeClientQuotas = api({
  name: 'DescribeClientQuotas',
  key: 48,
  versions: [0, 1],
  flexibleSince: 1,
  listeners: ['broker'],
  request: { components: array({ entityType: string, matchType: int8, match: string.nullable() }), strict: bool },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: string.nullable(),
    entries: array({
      entity: array({ entityType: string, entityName: string.nullable() }),
      values: array({ key: string, value: float64 }),
    }).nullable(),
  },
});
