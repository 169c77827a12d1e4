import { api } from '../schema/api.ts';
import { array, bool, int16, int32, int64, int8, string, struct, uint16 } from '../schema/field.ts';

/** StreamsGroupHeartbeat, API key 88. */
export const StreamsGroupHeartbeat = api({
  name: 'StreamsGroupHeartbeat',
  key: 88,
  versions: [0, 1],
  flexibleSince: 0,
  listeners: ['broker'],
  request: {
    groupId: string,
    memberId: string,
    memberEpoch: int32,
    endpointInformationEpoch: int32,
    instanceId: string.nullable().default(null),
    rackId: string.nullable().default(null),
    rebalanceTimeoutMs: int32.default(-1),
    topology: struct({
      epoch: int32,
      subtopologies: array({
        subtopologyId: string,
        sourceTopics: array(string),
        sourceTopicRegex: array(string),
        stateChangelogTopics: array({
          name: string,
          partitions: int32,
          replicationFactor: int16,
          topicConfigs: array({ key: string, value: string }),
        }),
        repartitionSinkTopics: array(string),
        repartitionSourceTopics: array({
          name: string,
          partitions: int32,
          replicationFactor: int16,
          topicConfigs: array({ key: string, value: string }),
        }),
        copartitionGroups: array({
          sourceTopics: array(int16),
          sourceTopicRegex: array(int16),
          repartitionSourceTopics: array(int16),
        }),
      }),
    })
      .nullable()
      .default(null),
    activeTasks: array({ subtopologyId: string, partitions: array(int32) })
      .nullable()
      .default(null),
    standbyTasks: array({ subtopologyId: string, partitions: array(int32) })
      .nullable()
      .default(null),
    warmupTasks: array({ subtopologyId: string, partitions: array(int32) })
      .nullable()
      .default(null),
    processId: string.nullable().default(null),
    userEndpoint: struct({ host: string, port: uint16 }).nullable().default(null),
    clientTags: array({ key: string, value: string }).nullable().default(null),
    taskOffsets: array({ subtopologyId: string, partition: int32, offset: int64 }).nullable().default(null),
    taskEndOffsets: array({ subtopologyId: string, partition: int32, offset: int64 }).nullable().default(null),
    shutdownApplication: bool.default(false),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: string.nullable().default(null),
    memberId: string,
    memberEpoch: int32,
    heartbeatIntervalMs: int32,
    acceptableRecoveryLagLegacy: int32.until(0),
    taskOffsetIntervalMs: int32,
    acceptableRecoveryLag: int64.since(1).default(-1).ignorable(),
    status: array({ statusCode: int8, statusDetail: string }).nullable(),
    activeTasks: array({ subtopologyId: string, partitions: array(int32) })
      .nullable()
      .default(null),
    standbyTasks: array({ subtopologyId: string, partitions: array(int32) })
      .nullable()
      .default(null),
    warmupTasks: array({ subtopologyId: string, partitions: array(int32) })
      .nullable()
      .default(null),
    topologyDescriptionRequired: bool.since(1).default(false),
    endpointInformationEpoch: int32,
    partitionsByUserEndpoint: array({
      userEndpoint: struct({ host: string, port: uint16 }),
      activePartitions: array({ topic: string, partitions: array(int32) }),
      standbyPartitions: array({ topic: string, partitions: array(int32) }),
    })
      .nullable()
      .default(null),
  },
});
