import { api } from '../schema/api.ts';
import { array, bool, int16, int32, int8, string } from '../schema/field.ts';

/** Replaces configurations as a whole; IncrementalAlterConfigs is the better one. */
export const AlterConfigs = api({
  name: 'AlterConfigs',
  key: 33,
  versions: [0, 2],
  flexibleSince: 2,
  listeners: ['broker', 'controller'],
  request: {
    resources: array({
      resourceType: int8,
      resourceName: string,
      configs: array({ name: string, value: string.nullable() }),
    }),
    validateOnly: bool,
  },
  response: {
    throttleTimeMs: int32,
    responses: array({ errorCode: int16, errorMessage: string.nullable(), resourceType: int8, resourceName: string }),
  },
});
