import {
  codecOf,
  ConsumerProtocolAssignment,
  ConsumerProtocolSubscription,
  joinFrame,
  type Message,
  ProtocolError,
  Reader,
  Writer,
} from '@ks/protocol';
import type { TopicPartition } from '../offsets/list-offsets.ts';
import { byTopic } from './by-topic.ts';

// What members of a classic group tell each other, which brokers pass on unread: a version, then a message.

/** Every consumer reads this one. */
const VERSION = 0;

/** A subscription to topics. */
export function subscriptionBytes(topics: readonly string[]): Uint8Array {
  return versioned(ConsumerProtocolSubscription, { topics: [...topics] });
}

/** The topics that a member's subscription names. Throws `ProtocolError` for bytes that are none. */
export function subscribedTopics(bytes: Uint8Array): readonly string[] {
  return read(ConsumerProtocolSubscription, bytes).topics;
}

/** The partitions of one member. */
export function assignmentBytes(partitions: readonly TopicPartition[]): Uint8Array {
  const assignedPartitions = [...byTopic(partitions)].map(([topic, some]) => ({
    topic,
    partitions: some.map(({ partition }) => partition),
  }));
  return versioned(ConsumerProtocolAssignment, { assignedPartitions });
}

/** What a member is assigned; nothing where it has no assignment yet. Throws `ProtocolError` for bytes that are none. */
export function assignedPartitions(bytes: Uint8Array): TopicPartition[] {
  if (bytes.length === 0) return [];
  return read(ConsumerProtocolAssignment, bytes).assignedPartitions.flatMap(({ topic, partitions }) =>
    partitions.map((partition) => ({ topic, partition })),
  );
}

function versioned<In, Out>(message: Message<In, Out>, value: In): Uint8Array {
  const writer = new Writer();
  writer.int16(VERSION);
  codecOf(message, VERSION).encode(writer, value);
  return joinFrame(writer.finish());
}

function read<In, Out>(message: Message<In, Out>, bytes: Uint8Array): Out {
  const reader = new Reader(bytes);
  const version = reader.int16();
  if (version < 0) throw new ProtocolError(`no version ${version}`, 0, message.name, version);
  // A newer version only has more behind what we know.
  return codecOf(message, Math.min(version, message.versions.max)).decode(reader);
}
