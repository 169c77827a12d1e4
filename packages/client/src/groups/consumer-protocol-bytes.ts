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
import type { Subscriber } from './assignors/assignor.ts';
import { partitionsOf, topicsWithPartitions } from './by-topic.ts';

// What members of a classic group tell each other, which brokers pass on unread: a version, then a message. Who knows an older version
// reads the fields that it knows.

const SUBSCRIPTION_VERSION = 3;
/** Every consumer reads this one; later ones have nothing more. */
const ASSIGNMENT_VERSION = 0;

/** What a member tells the one that assigns. */
export type Subscription = Pick<Subscriber, 'topics' | 'ownedPartitions' | 'generationId' | 'rackId' | 'userData'>;

export function subscriptionBytes(subscription: Subscription): Uint8Array {
  const { topics, userData, generationId, rackId } = subscription;
  const ownedPartitions = topicsWithPartitions(subscription.ownedPartitions);
  return versioned(ConsumerProtocolSubscription, SUBSCRIPTION_VERSION, {
    topics: [...topics],
    userData,
    ownedPartitions,
    generationId,
    rackId,
  });
}

/** Throws `ProtocolError` for bytes that are none. */
export function subscriptionOf(bytes: Uint8Array): Subscription {
  const { topics, userData, ownedPartitions, generationId, rackId } = read(ConsumerProtocolSubscription, bytes);
  return { topics, userData, ownedPartitions: partitionsOf(ownedPartitions), generationId, rackId };
}

/** The partitions of one member. */
export function assignmentBytes(partitions: readonly TopicPartition[]): Uint8Array {
  const assignedPartitions = topicsWithPartitions(partitions);
  return versioned(ConsumerProtocolAssignment, ASSIGNMENT_VERSION, { assignedPartitions });
}

/** What a member is assigned; nothing where it has no assignment yet. Throws `ProtocolError` for bytes that are none. */
export function assignedPartitions(bytes: Uint8Array): TopicPartition[] {
  return bytes.length === 0 ? [] : partitionsOf(read(ConsumerProtocolAssignment, bytes).assignedPartitions);
}

function versioned<In, Out>(message: Message<In, Out>, version: number, value: In): Uint8Array {
  const writer = new Writer();
  writer.int16(version);
  codecOf(message, version).encode(writer, value);
  return joinFrame(writer.finish());
}

function read<In, Out>(message: Message<In, Out>, bytes: Uint8Array): Out {
  const reader = new Reader(bytes);
  const version = reader.int16();
  if (version < 0) throw new ProtocolError(`no version ${version}`, 0, message.name, version);
  return codecOf(message, Math.min(version, message.versions.max)).decode(reader);
}
