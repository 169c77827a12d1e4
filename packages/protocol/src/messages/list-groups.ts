import { api } from '../schema/api.ts';
import { array, int16, int32, string } from '../schema/field.ts';

/** Lists the groups that a broker coordinates. */
export const ListGroups = api({
  name: 'ListGroups',
  key: 16,
  versions: [0, 5],
  flexibleSince: 3,
  listeners: ['broker'],
  request: { statesFilter: array(string).since(4), typesFilter: array(string).since(5) },
  response: {
    throttleTimeMs: int32.since(1).ignorable(),
    errorCode: int16,
    groups: array({
      groupId: string,
      protocolType: string,
      groupState: string.since(4).ignorable(),
      groupType: string.since(5).ignorable(),
    }),
  },
});
