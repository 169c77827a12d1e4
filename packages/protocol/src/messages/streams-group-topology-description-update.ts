import { api } from '../schema/api.ts';
import { array, int16, int32, int8, string, struct } from '../schema/field.ts';

/** StreamsGroupTopologyDescriptionUpdate, API key 93. */
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
      subtopologies: array({
        subtopologyId: string,
        nodes: array({
          name: string,
          nodeType: int8,
          sourceTopics: array(string),
          sinkTopic: string.nullable().default(null),
          stores: array(string),
          successors: array(string),
        }),
      }),
      globalStores: array({
        source: struct({
          name: string,
          nodeType: int8,
          sourceTopics: array(string),
          sinkTopic: string.nullable().default(null),
          stores: array(string),
          successors: array(string),
        }),
        processor: struct({
          name: string,
          nodeType: int8,
          sourceTopics: array(string),
          sinkTopic: string.nullable().default(null),
          stores: array(string),
          successors: array(string),
        }),
      }),
    }),
  },
  response: { throttleTimeMs: int32, errorCode: int16, errorMessage: string.nullable().default(null) },
});
