import { api } from '../schema/api.ts';
import { array, int16, int32, int8, string } from '../schema/field.ts';

/** Lists resources that have configurations of their own. */
export const ListConfigResources = api({
  name: 'ListConfigResources',
  key: 74,
  versions: [0, 1],
  flexibleSince: 0,
  listeners: ['broker'],
  request: { resourceTypes: array(int8).since(1) },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    configResources: array({ resourceName: string, resourceType: int8.since(1).default(16).ignorable() }),
  },
});
