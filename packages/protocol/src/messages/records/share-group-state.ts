import { NEVER, array, int16, int32, int64, int8, string, uuid } from '../../schema/field.ts';
import { message } from '../../schema/message.ts';

// Records of __share_group_state: the key begins with an int16 record type, the value with an int16 version.

/** ShareSnapshotKey, key of record type 0 of __share_group_state. */
export const ShareSnapshotKey = message('ShareSnapshotKey', [0, 0], NEVER, {
  groupId: string,
  topicId: uuid,
  partition: int32,
});

/** ShareSnapshotValue, value of record type 0 of __share_group_state. */
export const ShareSnapshotValue = message('ShareSnapshotValue', [0, 0], 0, {
  snapshotEpoch: int32,
  stateEpoch: int32,
  leaderEpoch: int32,
  startOffset: int64,
  deliveryCompleteCount: int32.tag(0, 0).default(-1),
  createTimestamp: int64,
  writeTimestamp: int64,
  stateBatches: array({ firstOffset: int64, lastOffset: int64, deliveryState: int8, deliveryCount: int16 }),
});

/** ShareUpdateKey, key of record type 1 of __share_group_state. */
export const ShareUpdateKey = message('ShareUpdateKey', [0, 0], NEVER, {
  groupId: string,
  topicId: uuid,
  partition: int32,
});

/** ShareUpdateValue, value of record type 1 of __share_group_state. */
export const ShareUpdateValue = message('ShareUpdateValue', [0, 0], 0, {
  snapshotEpoch: int32,
  leaderEpoch: int32,
  startOffset: int64,
  deliveryCompleteCount: int32.tag(0, 0).default(-1),
  stateBatches: array({ firstOffset: int64, lastOffset: int64, deliveryState: int8, deliveryCount: int16 }),
});
