import { NEVER, array, bytes, int16, int32, int64, int8, string, struct, uint16, uuid } from '../../schema/field.ts';
import { message } from '../../schema/message.ts';

// Records of __consumer_offsets: the key begins with an int16 record type, the value with an int16 version.

/** LegacyOffsetCommitKey, key of record type 0 of __consumer_offsets. */
export const LegacyOffsetCommitKey = message('LegacyOffsetCommitKey', [0, 0], NEVER, {
  group: string,
  topic: string,
  partition: int32,
});

/** LegacyOffsetCommitValue, value of record type 0 of __consumer_offsets. */
export const LegacyOffsetCommitValue = message('LegacyOffsetCommitValue', [0, 0], NEVER, {
  offset: int64,
  metadata: string,
  commitTimestamp: int64,
});

/** OffsetCommitKey, key of record type 1 of __consumer_offsets. */
export const OffsetCommitKey = message('OffsetCommitKey', [0, 0], NEVER, {
  group: string,
  topic: string,
  partition: int32,
});

/** OffsetCommitValue, value of record type 1 of __consumer_offsets. */
export const OffsetCommitValue = message('OffsetCommitValue', [0, 4], 4, {
  offset: int64,
  leaderEpoch: int32.since(3).default(-1).ignorable(),
  metadata: string,
  commitTimestamp: int64,
  expireTimestamp: int64.since(1).until(1).default(-1).ignorable(),
  topicId: uuid.tag(0, 4).ignorable(),
});

/** GroupMetadataKey, key of record type 2 of __consumer_offsets. */
export const GroupMetadataKey = message('GroupMetadataKey', [0, 0], NEVER, { group: string });

/** GroupMetadataValue, value of record type 2 of __consumer_offsets. */
export const GroupMetadataValue = message('GroupMetadataValue', [0, 4], 4, {
  protocolType: string,
  generation: int32,
  protocol: string.nullable(),
  leader: string.nullable(),
  currentStateTimestamp: int64.since(2).default(-1).ignorable(),
  members: array({
    memberId: string,
    groupInstanceId: string.nullable().since(3).default(null).ignorable(),
    clientId: string,
    clientHost: string,
    rebalanceTimeout: int32.since(1).default(-1).ignorable(),
    sessionTimeout: int32,
    subscription: bytes,
    assignment: bytes,
  }),
});

/** ConsumerGroupMetadataKey, key of record type 3 of __consumer_offsets. */
export const ConsumerGroupMetadataKey = message('ConsumerGroupMetadataKey', [0, 0], NEVER, { groupId: string });

/** ConsumerGroupMetadataValue, value of record type 3 of __consumer_offsets. */
export const ConsumerGroupMetadataValue = message('ConsumerGroupMetadataValue', [0, 0], 0, {
  epoch: int32,
  metadataHash: int64.tag(0, 0).default(0),
});

/** ConsumerGroupPartitionMetadataKey, key of record type 4 of __consumer_offsets. */
export const ConsumerGroupPartitionMetadataKey = message('ConsumerGroupPartitionMetadataKey', [0, 0], NEVER, {
  groupId: string,
});

/** ConsumerGroupPartitionMetadataValue, value of record type 4 of __consumer_offsets. */
export const ConsumerGroupPartitionMetadataValue = message('ConsumerGroupPartitionMetadataValue', [0, 0], 0, {
  topics: array({
    topicId: uuid,
    topicName: string,
    numPartitions: int32,
    partitionMetadata: array({ partition: int32, racks: array(string) }),
  }),
});

/** ConsumerGroupMemberMetadataKey, key of record type 5 of __consumer_offsets. */
export const ConsumerGroupMemberMetadataKey = message('ConsumerGroupMemberMetadataKey', [0, 0], NEVER, {
  groupId: string,
  memberId: string,
});

/** ConsumerGroupMemberMetadataValue, value of record type 5 of __consumer_offsets. */
export const ConsumerGroupMemberMetadataValue = message('ConsumerGroupMemberMetadataValue', [0, 0], 0, {
  instanceId: string.nullable(),
  rackId: string.nullable(),
  clientId: string,
  clientHost: string,
  subscribedTopicNames: array(string),
  subscribedTopicRegex: string.nullable(),
  rebalanceTimeoutMs: int32.default(-1),
  serverAssignor: string.nullable(),
  classicMemberMetadata: struct({
    sessionTimeoutMs: int32,
    supportedProtocols: array({ name: string, metadata: bytes }),
  })
    .nullable()
    .tag(0, 0)
    .default(null),
});

/** ConsumerGroupTargetAssignmentMetadataKey, key of record type 6 of __consumer_offsets. */
export const ConsumerGroupTargetAssignmentMetadataKey = message(
  'ConsumerGroupTargetAssignmentMetadataKey',
  [0, 0],
  NEVER,
  { groupId: string },
);

/** ConsumerGroupTargetAssignmentMetadataValue, value of record type 6 of __consumer_offsets. */
export const ConsumerGroupTargetAssignmentMetadataValue = message(
  'ConsumerGroupTargetAssignmentMetadataValue',
  [0, 0],
  0,
  { assignmentEpoch: int32, assignmentTimestamp: int64.tag(0, 0).default(0).ignorable() },
);

/** ConsumerGroupTargetAssignmentMemberKey, key of record type 7 of __consumer_offsets. */
export const ConsumerGroupTargetAssignmentMemberKey = message('ConsumerGroupTargetAssignmentMemberKey', [0, 0], NEVER, {
  groupId: string,
  memberId: string,
});

/** ConsumerGroupTargetAssignmentMemberValue, value of record type 7 of __consumer_offsets. */
export const ConsumerGroupTargetAssignmentMemberValue = message('ConsumerGroupTargetAssignmentMemberValue', [0, 0], 0, {
  topicPartitions: array({ topicId: uuid, partitions: array(int32) }),
});

/** ConsumerGroupCurrentMemberAssignmentKey, key of record type 8 of __consumer_offsets. */
export const ConsumerGroupCurrentMemberAssignmentKey = message(
  'ConsumerGroupCurrentMemberAssignmentKey',
  [0, 0],
  NEVER,
  { groupId: string, memberId: string },
);

const topicPartitions = {
  topicId: uuid,
  partitions: array(int32),
  assignmentEpochs: array(int32).nullable().tag(0, 0).default(null),
};

/** ConsumerGroupCurrentMemberAssignmentValue, value of record type 8 of __consumer_offsets. */
export const ConsumerGroupCurrentMemberAssignmentValue = message(
  'ConsumerGroupCurrentMemberAssignmentValue',
  [0, 0],
  0,
  {
    memberEpoch: int32,
    previousMemberEpoch: int32,
    state: int8,
    assignedPartitions: array(topicPartitions),
    partitionsPendingRevocation: array(topicPartitions),
  },
);

/** ShareGroupMemberMetadataKey, key of record type 10 of __consumer_offsets. */
export const ShareGroupMemberMetadataKey = message('ShareGroupMemberMetadataKey', [0, 0], NEVER, {
  groupId: string,
  memberId: string,
});

/** ShareGroupMemberMetadataValue, value of record type 10 of __consumer_offsets. */
export const ShareGroupMemberMetadataValue = message('ShareGroupMemberMetadataValue', [0, 0], 0, {
  rackId: string.nullable(),
  clientId: string,
  clientHost: string,
  subscribedTopicNames: array(string),
});

/** ShareGroupMetadataKey, key of record type 11 of __consumer_offsets. */
export const ShareGroupMetadataKey = message('ShareGroupMetadataKey', [0, 0], NEVER, { groupId: string });

/** ShareGroupMetadataValue, value of record type 11 of __consumer_offsets. */
export const ShareGroupMetadataValue = message('ShareGroupMetadataValue', [0, 0], 0, {
  epoch: int32,
  metadataHash: int64,
});

/** ShareGroupTargetAssignmentMetadataKey, key of record type 12 of __consumer_offsets. */
export const ShareGroupTargetAssignmentMetadataKey = message('ShareGroupTargetAssignmentMetadataKey', [0, 0], NEVER, {
  groupId: string,
});

/** ShareGroupTargetAssignmentMetadataValue, value of record type 12 of __consumer_offsets. */
export const ShareGroupTargetAssignmentMetadataValue = message('ShareGroupTargetAssignmentMetadataValue', [0, 0], 0, {
  assignmentEpoch: int32,
  assignmentTimestamp: int64.tag(0, 0).default(0).ignorable(),
});

/** ShareGroupTargetAssignmentMemberKey, key of record type 13 of __consumer_offsets. */
export const ShareGroupTargetAssignmentMemberKey = message('ShareGroupTargetAssignmentMemberKey', [0, 0], NEVER, {
  groupId: string,
  memberId: string,
});

/** ShareGroupTargetAssignmentMemberValue, value of record type 13 of __consumer_offsets. */
export const ShareGroupTargetAssignmentMemberValue = message('ShareGroupTargetAssignmentMemberValue', [0, 0], 0, {
  topicPartitions: array({ topicId: uuid, partitions: array(int32) }),
});

/** ShareGroupCurrentMemberAssignmentKey, key of record type 14 of __consumer_offsets. */
export const ShareGroupCurrentMemberAssignmentKey = message('ShareGroupCurrentMemberAssignmentKey', [0, 0], NEVER, {
  groupId: string,
  memberId: string,
});

/** ShareGroupCurrentMemberAssignmentValue, value of record type 14 of __consumer_offsets. */
export const ShareGroupCurrentMemberAssignmentValue = message('ShareGroupCurrentMemberAssignmentValue', [0, 0], 0, {
  memberEpoch: int32,
  previousMemberEpoch: int32,
  state: int8,
  assignedPartitions: array({ topicId: uuid, partitions: array(int32) }),
});

/** ShareGroupStatePartitionMetadataKey, key of record type 15 of __consumer_offsets. */
export const ShareGroupStatePartitionMetadataKey = message('ShareGroupStatePartitionMetadataKey', [0, 0], NEVER, {
  groupId: string,
});

const topicPartitionsInfo = { topicId: uuid, topicName: string, partitions: array(int32) };

/** ShareGroupStatePartitionMetadataValue, value of record type 15 of __consumer_offsets. */
export const ShareGroupStatePartitionMetadataValue = message('ShareGroupStatePartitionMetadataValue', [0, 0], 0, {
  initializingTopics: array(topicPartitionsInfo),
  initializedTopics: array(topicPartitionsInfo),
  deletingTopics: array({ topicId: uuid, topicName: string }),
});

/** ConsumerGroupRegularExpressionKey, key of record type 16 of __consumer_offsets. */
export const ConsumerGroupRegularExpressionKey = message('ConsumerGroupRegularExpressionKey', [0, 0], NEVER, {
  groupId: string,
  regularExpression: string,
});

/** ConsumerGroupRegularExpressionValue, value of record type 16 of __consumer_offsets. */
export const ConsumerGroupRegularExpressionValue = message('ConsumerGroupRegularExpressionValue', [0, 0], 0, {
  topics: array(string),
  version: int64,
  timestamp: int64,
});

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
