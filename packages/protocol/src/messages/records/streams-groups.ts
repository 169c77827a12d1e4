import { NEVER, array, int16, int32, int64, int8, string, struct, uint16 } from '../../schema/field.ts';
import { message } from '../../schema/message.ts';

// Records of streams groups in __consumer_offsets.

/** StreamsGroupMetadataKey, key of record type 17 of __consumer_offsets. */
export const StreamsGroupMetadataKey = message('StreamsGroupMetadataKey', [0, 0], NEVER, { groupId: string });

/** StreamsGroupMetadataValue, value of record type 17 of __consumer_offsets. */
export const StreamsGroupMetadataValue = message('StreamsGroupMetadataValue', [0, 0], 0, {
  epoch: int32,
  metadataHash: int64,
  validatedTopologyEpoch: int32.tag(0, 0).default(-1),
  lastAssignmentConfigs: array({ key: string, value: string }).nullable().tag(1, 0).default(null),
  storedDescriptionTopologyEpoch: int32.tag(2, 0).default(-1),
  failedDescriptionTopologyEpoch: int32.tag(3, 0).default(-1),
});

/** StreamsGroupMemberMetadataKey, key of record type 19 of __consumer_offsets. */
export const StreamsGroupMemberMetadataKey = message('StreamsGroupMemberMetadataKey', [0, 0], NEVER, {
  groupId: string,
  memberId: string,
});

/** StreamsGroupMemberMetadataValue, value of record type 19 of __consumer_offsets. */
export const StreamsGroupMemberMetadataValue = message('StreamsGroupMemberMetadataValue', [0, 0], 0, {
  instanceId: string.nullable(),
  rackId: string.nullable(),
  clientId: string,
  clientHost: string,
  rebalanceTimeoutMs: int32.default(-1),
  topologyEpoch: int32,
  processId: string,
  userEndpoint: struct({ host: string, port: uint16 }).nullable().default(null),
  clientTags: array({ key: string, value: string }),
});

/** StreamsGroupTargetAssignmentMetadataKey, key of record type 20 of __consumer_offsets. */
export const StreamsGroupTargetAssignmentMetadataKey = message(
  'StreamsGroupTargetAssignmentMetadataKey',
  [0, 0],
  NEVER,
  { groupId: string },
);

/** StreamsGroupTargetAssignmentMetadataValue, value of record type 20 of __consumer_offsets. */
export const StreamsGroupTargetAssignmentMetadataValue = message(
  'StreamsGroupTargetAssignmentMetadataValue',
  [0, 0],
  0,
  { assignmentEpoch: int32, assignmentTimestamp: int64.tag(0, 0).default(0).ignorable() },
);

/** StreamsGroupTargetAssignmentMemberKey, key of record type 21 of __consumer_offsets. */
export const StreamsGroupTargetAssignmentMemberKey = message('StreamsGroupTargetAssignmentMemberKey', [0, 0], NEVER, {
  groupId: string,
  memberId: string,
});

const taskIds = { subtopologyId: string, partitions: array(int32) };

/** StreamsGroupTargetAssignmentMemberValue, value of record type 21 of __consumer_offsets. */
export const StreamsGroupTargetAssignmentMemberValue = message('StreamsGroupTargetAssignmentMemberValue', [0, 0], 0, {
  activeTasks: array(taskIds),
  standbyTasks: array(taskIds),
  warmupTasks: array(taskIds),
});

/** StreamsGroupCurrentMemberAssignmentKey, key of record type 22 of __consumer_offsets. */
export const StreamsGroupCurrentMemberAssignmentKey = message('StreamsGroupCurrentMemberAssignmentKey', [0, 0], NEVER, {
  groupId: string,
  memberId: string,
});

const streamsGroupCurrentMemberAssignmentTaskIds = {
  subtopologyId: string,
  partitions: array(int32),
  assignmentEpochs: array(int32).nullable().tag(0, 0).default(null),
};

/** StreamsGroupCurrentMemberAssignmentValue, value of record type 22 of __consumer_offsets. */
export const StreamsGroupCurrentMemberAssignmentValue = message('StreamsGroupCurrentMemberAssignmentValue', [0, 0], 0, {
  memberEpoch: int32,
  previousMemberEpoch: int32,
  state: int8,
  activeTasks: array(streamsGroupCurrentMemberAssignmentTaskIds),
  standbyTasks: array(streamsGroupCurrentMemberAssignmentTaskIds),
  warmupTasks: array(streamsGroupCurrentMemberAssignmentTaskIds),
  activeTasksPendingRevocation: array(streamsGroupCurrentMemberAssignmentTaskIds),
  standbyTasksPendingRevocation: array(streamsGroupCurrentMemberAssignmentTaskIds),
  warmupTasksPendingRevocation: array(streamsGroupCurrentMemberAssignmentTaskIds),
});

/** StreamsGroupTopologyKey, key of record type 23 of __consumer_offsets. */
export const StreamsGroupTopologyKey = message('StreamsGroupTopologyKey', [0, 0], NEVER, { groupId: string });

const topicConfig = { key: string, value: string };

const topicInfo = { name: string, partitions: int32, replicationFactor: int16, topicConfigs: array(topicConfig) };

/** StreamsGroupTopologyValue, value of record type 23 of __consumer_offsets. */
export const StreamsGroupTopologyValue = message('StreamsGroupTopologyValue', [0, 0], 0, {
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
});
