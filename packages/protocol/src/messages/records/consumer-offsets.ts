import { NEVER, array, bytes, int32, int64, int8, string, struct, uuid } from '../../schema/field.ts';
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
