import { api } from '../schema/api.ts';
import { array, bool, int16, int32, int64, int8, string, struct, uint16 } from '../schema/field.ts';

const keyValue = { key: string, value: string };

const topicInfo = { name: string, partitions: int32, replicationFactor: int16, topicConfigs: array(keyValue) };

const taskIds = { subtopologyId: string, partitions: array(int32) };

const endpoint = { host: string, port: uint16 };

const taskOffset = { subtopologyId: string, partition: int32, offset: int64 };

const topicPartition = { topic: string, partitions: array(int32) };

/** The one request of a streams group's members: joins, reports, leaves, learns the tasks (KIP-1071). */
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
        stateChangelogTopics: array(topicInfo),
        repartitionSinkTopics: array(string),
        repartitionSourceTopics: array(topicInfo),
        copartitionGroups: array({
          sourceTopics: array(int16),
          sourceTopicRegex: array(int16),
          repartitionSourceTopics: array(int16),
        }),
      }),
    })
      .nullable()
      .default(null),
    activeTasks: array(taskIds).nullable().default(null),
    standbyTasks: array(taskIds).nullable().default(null),
    warmupTasks: array(taskIds).nullable().default(null),
    processId: string.nullable().default(null),
    userEndpoint: struct(endpoint).nullable().default(null),
    clientTags: array(keyValue).nullable().default(null),
    taskOffsets: array(taskOffset).nullable().default(null),
    taskEndOffsets: array(taskOffset).nullable().default(null),
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
    activeTasks: array(taskIds).nullable().default(null),
    standbyTasks: array(taskIds).nullable().default(null),
    warmupTasks: array(taskIds).nullable().default(null),
    topologyDescriptionRequired: bool.since(1).default(false),
    endpointInformationEpoch: int32,
    partitionsByUserEndpoint: array({
      userEndpoint: struct(endpoint),
      activePartitions: array(topicPartition),
      standbyPartitions: array(topicPartition),
    })
      .nullable()
      .default(null),
  },
});
