import { ListGroups } from '@ks/protocol';
import { handler } from './handler.ts';

/** All groups here are of the classic type until KIP-848 comes. */
const GROUP_TYPE = 'Classic';

// ListGroups v0-v5. v4: states and their filter (KIP-518). v5: types and their filter (KIP-848).
export const listGroups = handler(ListGroups, {}, async (broker, request, context) => {
  const states = lowerCased(request.statesFilter);
  const types = lowerCased(request.typesFilter);
  const { errorCode, groups } = await broker.groups.listGroups();
  if (types.size > 0 && !types.has(GROUP_TYPE.toLowerCase())) return { errorCode, groups: [] };
  const seesAll = context.authorize('DESCRIBE', 'CLUSTER', 'kafka-cluster');
  return {
    errorCode,
    groups: groups
      .filter(({ state }) => states.size === 0 || states.has(state.toLowerCase()))
      .filter(({ groupId }) => seesAll || context.authorize('DESCRIBE', 'GROUP', groupId))
      .map(({ groupId, protocolType, state }) => ({ groupId, protocolType, groupState: state, groupType: GROUP_TYPE })),
  };
});

function lowerCased(names: readonly string[]): ReadonlySet<string> {
  return new Set(names.map((name) => name.toLowerCase()));
}
