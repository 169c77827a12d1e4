import { api } from '../schema/api.ts';
import { array, int16, int32, string } from '../schema/field.ts';

/** Deletes empty groups. */
export const DeleteGroups = api({
  name: 'DeleteGroups',
  key: 42,
  versions: [0, 3],
  flexibleSince: 2,
  listeners: ['broker'],
  request: { groupsNames: array(string) },
  response: {
    throttleTimeMs: int32,
    results: array({
      groupId: string,
      errorCode: int16,
      errorMessage: string.nullable().since(3).default(null).ignorable(),
    }),
  },
});
