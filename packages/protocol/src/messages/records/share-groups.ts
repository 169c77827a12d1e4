import { NEVER, array, int32, int64, int8, string, uuid } from '../../schema/field.ts';
import { message } from '../../schema/message.ts';

// Records of share groups in __consumer_offsets.

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
