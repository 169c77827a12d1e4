import { api } from '../schema/api.ts';
import { array, int16, int32, int8, string } from '../schema/field.ts';

/** Creates access control entries. */
export const CreateAcls = api({
  name: 'CreateAcls',
  key: 30,
  versions: [0, 3],
  flexibleSince: 2,
  listeners: ['broker', 'controller'],
  request: {
    creations: array({
      resourceType: int8,
      resourceName: string,
      resourcePatternType: int8.since(1).default(3),
      principal: string,
      host: string,
      operation: int8,
      permissionType: int8,
    }),
  },
  response: { throttleTimeMs: int32, results: array({ errorCode: int16, errorMessage: string.nullable() }) },
});
