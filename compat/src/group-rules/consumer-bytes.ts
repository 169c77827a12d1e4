import {
  codecOf,
  ConsumerProtocolAssignment,
  ConsumerProtocolSubscription,
  joinFrame,
  Reader,
  Writer,
} from '@ks/protocol';

/** The bytes of a subscription, version 1: nothing is owned. */
export function subscriptionTo(topics: readonly string[]): Uint8Array {
  const writer = new Writer();
  writer.int16(1);
  codecOf(ConsumerProtocolSubscription, 1).encode(writer, { topics: [...topics], userData: null, ownedPartitions: [] });
  return joinFrame(writer.finish());
}

/** The bytes of an assignment of partitions of topic `t`. */
export function assignmentOf(partitions: readonly number[]): Uint8Array {
  const writer = new Writer();
  writer.int16(1);
  const assignedPartitions = [{ topic: 't', partitions: [...partitions] }];
  codecOf(ConsumerProtocolAssignment, 1).encode(writer, { assignedPartitions, userData: null });
  return joinFrame(writer.finish());
}

/** How many partitions an assignment has: `x2`; `none` for no bytes at all. */
export function assignedTo(assignment: Uint8Array): string {
  if (assignment.length === 0) return ' none';
  const reader = new Reader(assignment);
  const version = reader.int16();
  const { assignedPartitions } = codecOf(ConsumerProtocolAssignment, version).decode(reader);
  return `x${assignedPartitions.reduce((sum, { partitions }) => sum + partitions.length, 0)} v${version}`;
}
