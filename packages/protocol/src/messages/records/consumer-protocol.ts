import { NEVER, array, bytes, int32, string } from '../../schema/field.ts';
import { message } from '../../schema/message.ts';

// What members of a classic group tell each other: an int16 version, then the fields.

/** ConsumerProtocolSubscription. */
export const ConsumerProtocolSubscription = message('ConsumerProtocolSubscription', [0, 3], NEVER, {
  topics: array(string),
  userData: bytes.nullable().default(null),
  ownedPartitions: array({ topic: string, partitions: array(int32) })
    .since(1)
    .ignorable(),
  generationId: int32.since(2).default(-1).ignorable(),
  rackId: string.nullable().since(3).default(null).ignorable(),
});

/** ConsumerProtocolAssignment. */
export const ConsumerProtocolAssignment = message('ConsumerProtocolAssignment', [0, 3], NEVER, {
  assignedPartitions: array({ topic: string, partitions: array(int32) }),
  userData: bytes.nullable().default(null),
});

/** What members with the sticky assignor add to their subscriptions, without a version in front: the fields tell it. */
export const StickyAssignorUserData = message('StickyAssignorUserData', [0, 1], NEVER, {
  currentAssignment: array({ topic: string, partitions: array(int32) }),
  generation: int32.since(1).default(-1).ignorable(),
});
