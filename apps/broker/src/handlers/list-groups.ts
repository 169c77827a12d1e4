import { ListGroups } from '@ks/protocol';
import { handler } from './handler.ts';

// ListGroups v0-v5. v4: states and their filter (KIP-518). v5: types and their filter (KIP-848).
export const listGroups = handler(ListGroups, {}, async (broker, request, context) => {
  const states = lowerCased(request.statesFilter);
  const types = lowerCased(request.typesFilter);
  const { errorCode, groups } = await broker.groups.listGroups();
  const seesAll = context.authorize('DESCRIBE', 'CLUSTER', 'kafka-cluster');
  return {
    errorCode,
    groups: groups
      .filter(({ state }) => states.size === 0 || states.has(state.toLowerCase()))
      .filter(({ groupType }) => types.size === 0 || types.has(groupType))
      .filter(({ groupId }) => seesAll || context.authorize('DESCRIBE', 'GROUP', groupId))
      .map(({ groupId, protocolType, groupType, state }) => ({ groupId, protocolType, groupState: state, groupType })),
  };
});

function lowerCased(names: readonly string[]): ReadonlySet<string> {
  return new Set(names.map((name) => name.toLowerCase()));
}
