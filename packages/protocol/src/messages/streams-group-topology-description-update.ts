import { api } from '../schema/api.ts';
import { array, int16, int32, int8, string, struct } from '../schema/field.ts';

const topologyDescriptionNode = {
  name: string,
  nodeType: int8,
  sourceTopics: array(string),
  sinkTopic: string.nullable().default(null),
  stores: array(string),
  successors: array(string),
};

/** Stores a description of a streams group's topology for tools to read. */
export const StreamsGroupTopologyDescriptionUpdate = api({
  name: 'StreamsGroupTopologyDescriptionUpdate',
  key: 93,
  versions: [0, 0],
  flexibleSince: 0,
  listeners: ['broker'],
  request: {
    groupId: string,
    memberId: string,
    topologyEpoch: int32,
    topologyDescription: struct({
      subtopologies: array({ subtopologyId: string, nodes: array(topologyDescriptionNode) }),
      globalStores: array({ source: struct(topologyDescriptionNode), processor: struct(topologyDescriptionNode) }),
    }),
  },
  response: { throttleTimeMs: int32, errorCode: int16, errorMessage: string.nullable().default(null) },
});
