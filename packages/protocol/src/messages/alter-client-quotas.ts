import { api } from '../schema/api.ts';
import { array, bool, float64, int16, int32, string } from '../schema/field.ts';

const entityData = { entityType: string, entityName: string.nullable() };

/** Changes client quotas. */
export const AlterClientQuotas = api({
  name: 'AlterClientQuotas',
  key: 49,
  versions: [0, 1],
  flexibleSince: 1,
  listeners: ['broker', 'controller'],
  request: {
    entries: array({ entity: array(entityData), ops: array({ key: string, value: float64, remove: bool }) }),
    validateOnly: bool,
  },
  response: {
    throttleTimeMs: int32,
    entries: array({ errorCode: int16, errorMessage: string.nullable(), entity: array(entityData) }),
  },
});
