import { codecOf, ConsumerProtocolAssignment, ConsumerProtocolSubscription, ProtocolError, Reader } from '@ks/protocol';
import type { ClusterImage } from '../metadata/image.ts';
import type { MemberProtocol } from './commands.ts';
import { messageBytes } from './record-bytes.ts';
import type { AnyPartitions, TopicPartitions } from './topic-partitions.ts';

/** The protocol type of consumers, whose subscriptions and assignments the coordinator can read. */
export const CONSUMER_PROTOCOL_TYPE = 'consumer';

/** What a consumer of the classic protocol subscribes to. */
export interface Subscription {
  /** Of the bytes: an assignment must not be newer. */
  readonly version: number;
  readonly topics: readonly string[];
  /** What it has and has not given up before it joined (cooperative rebalancing, KIP-429). */
  readonly ownedPartitions: readonly { readonly topic: string; readonly partitions: readonly number[] }[];
  readonly rackId: string | null;
}

/** Reads a subscription; undefined for bytes that are none: a client may put anything there. */
export function subscriptionOf(metadata: Uint8Array): Subscription | undefined {
  return readable(() => {
    const reader = new Reader(metadata);
    const version = Math.min(reader.int16(), ConsumerProtocolSubscription.versions.max);
    const { topics, ownedPartitions, rackId } = codecOf(ConsumerProtocolSubscription, version).decode(reader);
    return { version, topics, ownedPartitions, rackId };
  });
}

/** The subscription in the member's preferred protocol. */
export function preferredSubscription(protocols: readonly MemberProtocol[]): Subscription | undefined {
  const [preferred] = protocols;
  return preferred === undefined ? undefined : subscriptionOf(preferred.metadata);
}

/** The partitions by the ids of their topics; topics that are not there are left out. */
export function ownedPartitionsOf({ ownedPartitions }: Subscription, image: ClusterImage): TopicPartitions {
  return byTopicId(ownedPartitions, image);
}

/** The bytes of an assignment, as the member can read them. */
export function assignmentBytes(partitions: AnyPartitions, image: ClusterImage, version: number): Uint8Array {
  const assignedPartitions = [...partitions].flatMap(([topicId, each]) => {
    const topic = image.topicsById.get(topicId)?.name;
    return topic === undefined ? [] : [{ topic, partitions: [...each.keys()].sort((a, b) => a - b) }];
  });
  const written = Math.min(Math.max(version, 0), ConsumerProtocolAssignment.versions.max);
  return messageBytes(ConsumerProtocolAssignment, written, written, { assignedPartitions, userData: null });
}

/**
 * Reads an assignment that a leader made. Undefined for bytes that are none, and where the leader's assignor left data of its own for
 * the member: nothing else can make that.
 */
export function assignedPartitionsOf(assignment: Uint8Array, image: ClusterImage): TopicPartitions | undefined {
  if (assignment.length === 0) return new Map();
  return readable(() => {
    const reader = new Reader(assignment);
    const version = Math.min(reader.int16(), ConsumerProtocolAssignment.versions.max);
    const { assignedPartitions, userData } = codecOf(ConsumerProtocolAssignment, version).decode(reader);
    return userData !== null && userData.length > 0 ? undefined : byTopicId(assignedPartitions, image);
  });
}

function byTopicId(topics: Subscription['ownedPartitions'], image: ClusterImage): TopicPartitions {
  const partitions = new Map<string, Set<number>>();
  for (const { topic, partitions: each } of topics) {
    const topicId = image.topicsByName.get(topic)?.topicId;
    if (topicId === undefined || each.length === 0) continue;
    partitions.set(topicId, new Set([...(partitions.get(topicId) ?? []), ...each]));
  }
  return partitions;
}

function readable<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
