import {
  codecOf,
  ConsumerGroupCurrentMemberAssignmentKey,
  ConsumerGroupCurrentMemberAssignmentValue,
  ConsumerGroupMemberMetadataKey,
  ConsumerGroupMemberMetadataValue,
  ConsumerGroupMetadataKey,
  ConsumerGroupMetadataValue,
  ConsumerGroupRegularExpressionKey,
  ConsumerGroupRegularExpressionValue,
  ConsumerGroupTargetAssignmentMemberKey,
  ConsumerGroupTargetAssignmentMemberValue,
  ConsumerGroupTargetAssignmentMetadataKey,
  ConsumerGroupTargetAssignmentMetadataValue,
  type Message,
  type Reader,
} from '@ks/protocol';
import type { ConsumerMemberState, CurrentAssignment, MemberMetadata } from './consumer-member.ts';
import { type KeyAndValue, messageBytes, versionedMessage } from './record-bytes.ts';
import type { AssignedPartitions, TopicPartitions } from './topic-partitions.ts';

/** Record types of `__consumer_offsets` keys that consumer groups use. */
const GROUP_METADATA = 3;
const MEMBER_METADATA = 5;
const TARGET_METADATA = 6;
const TARGET_MEMBER = 7;
const CURRENT_ASSIGNMENT = 8;
const REGULAR_EXPRESSION = 16;

/** The topics that a regular expression named when it was last looked at. */
export interface ResolvedRegex {
  /** Sorted. */
  readonly topics: readonly string[];
  /** Revision of the metadata that it was resolved by. */
  readonly version: number;
  /** Wall time in milliseconds. */
  readonly timestamp: number;
}

interface OfGroup<Type extends string, Value> {
  readonly type: Type;
  readonly groupId: string;
  /** Null is a tombstone. */
  readonly value: Value | null;
}

/** One record of `__consumer_offsets` that a consumer group (KIP-848) is made of. */
export type ConsumerGroupRecord =
  | OfGroup<'consumer-group', { readonly groupEpoch: number; readonly metadataHash: number }>
  | (OfGroup<'consumer-member', MemberMetadata> & { readonly memberId: string })
  | OfGroup<'target-metadata', { readonly assignmentEpoch: number; readonly assignmentTimestamp: number }>
  | (OfGroup<'target-member', TopicPartitions> & { readonly memberId: string })
  | (OfGroup<'current-assignment', CurrentAssignment> & { readonly memberId: string })
  | (OfGroup<'regex', ResolvedRegex> & { readonly regex: string });

const stateCodes: Readonly<Record<ConsumerMemberState, number>> = {
  stable: 0,
  'unrevoked-partitions': 1,
  'unreleased-partitions': 2,
  unknown: 127,
};

/** Kafka's bytes of a record. */
export function encodeConsumerRecord(record: ConsumerGroupRecord): KeyAndValue {
  const { groupId } = record;
  switch (record.type) {
    case 'consumer-group': {
      const key = messageBytes(ConsumerGroupMetadataKey, GROUP_METADATA, 0, { groupId });
      if (record.value === null) return { key, value: null };
      const { groupEpoch: epoch, metadataHash } = record.value;
      return { key, value: messageBytes(ConsumerGroupMetadataValue, 0, 0, { epoch, metadataHash }) };
    }
    case 'consumer-member':
      return encodeMember(record);
    case 'target-metadata': {
      const key = messageBytes(ConsumerGroupTargetAssignmentMetadataKey, TARGET_METADATA, 0, { groupId });
      if (record.value === null) return { key, value: null };
      return { key, value: messageBytes(ConsumerGroupTargetAssignmentMetadataValue, 0, 0, record.value) };
    }
    case 'target-member': {
      const { memberId } = record;
      const key = messageBytes(ConsumerGroupTargetAssignmentMemberKey, TARGET_MEMBER, 0, { groupId, memberId });
      if (record.value === null) return { key, value: null };
      const topicPartitions = [...record.value].map(([topicId, each]) => ({ topicId, partitions: [...each] }));
      return { key, value: messageBytes(ConsumerGroupTargetAssignmentMemberValue, 0, 0, { topicPartitions }) };
    }
    case 'current-assignment':
      return encodeAssignment(record);
    case 'regex': {
      const { regex: regularExpression } = record;
      const fields = { groupId, regularExpression };
      const key = messageBytes(ConsumerGroupRegularExpressionKey, REGULAR_EXPRESSION, 0, fields);
      if (record.value === null) return { key, value: null };
      const { topics, version, timestamp } = record.value;
      const value = { topics: [...topics], version, timestamp };
      return { key, value: messageBytes(ConsumerGroupRegularExpressionValue, 0, 0, value) };
    }
    default:
      return record satisfies never;
  }
}

function encodeMember(record: ConsumerGroupRecord & { type: 'consumer-member' }): KeyAndValue {
  const { groupId, memberId } = record;
  const key = messageBytes(ConsumerGroupMemberMetadataKey, MEMBER_METADATA, 0, { groupId, memberId });
  if (record.value === null) return { key, value: null };
  const { classic, subscribedTopicNames, ...metadata } = record.value;
  const value = messageBytes(ConsumerGroupMemberMetadataValue, 0, 0, {
    ...metadata,
    subscribedTopicNames: [...subscribedTopicNames],
    classicMemberMetadata: classic && {
      sessionTimeoutMs: classic.sessionTimeoutMs,
      supportedProtocols: classic.protocols.map((each) => ({ ...each })),
    },
  });
  return { key, value };
}

function encodeAssignment(record: ConsumerGroupRecord & { type: 'current-assignment' }): KeyAndValue {
  const { groupId, memberId } = record;
  const fields = { groupId, memberId };
  const key = messageBytes(ConsumerGroupCurrentMemberAssignmentKey, CURRENT_ASSIGNMENT, 0, fields);
  if (record.value === null) return { key, value: null };
  const { memberEpoch, previousMemberEpoch, state, assigned, pendingRevocation } = record.value;
  const value = messageBytes(ConsumerGroupCurrentMemberAssignmentValue, 0, 0, {
    memberEpoch,
    previousMemberEpoch,
    state: stateCodes[state],
    assignedPartitions: withEpochs(assigned),
    partitionsPendingRevocation: withEpochs(pendingRevocation),
  });
  return { key, value };
}

function withEpochs(partitions: AssignedPartitions) {
  return [...partitions].map(([topicId, each]) => ({
    topicId,
    partitions: [...each.keys()],
    assignmentEpochs: [...each.values()],
  }));
}

/** The record of these bytes (`key` stands behind its record type); undefined where a newer release wrote it. */
export function decodeConsumerRecord(
  recordType: number,
  key: Reader,
  value: Uint8Array | null,
): ConsumerGroupRecord | undefined {
  switch (recordType) {
    case GROUP_METADATA: {
      const { groupId } = codecOf(ConsumerGroupMetadataKey, 0).decode(key);
      return withValue({ type: 'consumer-group', groupId }, value, ConsumerGroupMetadataValue, (decoded) => {
        return { groupEpoch: decoded.epoch, metadataHash: decoded.metadataHash };
      });
    }
    case MEMBER_METADATA:
      return decodeMember(key, value);
    case TARGET_METADATA: {
      const { groupId } = codecOf(ConsumerGroupTargetAssignmentMetadataKey, 0).decode(key);
      const message = ConsumerGroupTargetAssignmentMetadataValue;
      return withValue({ type: 'target-metadata', groupId }, value, message, (decoded) => decoded);
    }
    case TARGET_MEMBER: {
      const { groupId, memberId } = codecOf(ConsumerGroupTargetAssignmentMemberKey, 0).decode(key);
      const message = ConsumerGroupTargetAssignmentMemberValue;
      return withValue({ type: 'target-member', groupId, memberId }, value, message, ({ topicPartitions }) => {
        return new Map(topicPartitions.map(({ topicId, partitions }) => [topicId, new Set(partitions)]));
      });
    }
    case CURRENT_ASSIGNMENT:
      return decodeAssignment(key, value);
    case REGULAR_EXPRESSION: {
      const { groupId, regularExpression } = codecOf(ConsumerGroupRegularExpressionKey, 0).decode(key);
      const fields = { type: 'regex', groupId, regex: regularExpression } as const;
      return withValue(fields, value, ConsumerGroupRegularExpressionValue, (decoded) => decoded);
    }
    default:
      return undefined;
  }
}

function decodeMember(key: Reader, value: Uint8Array | null): ConsumerGroupRecord | undefined {
  const { groupId, memberId } = codecOf(ConsumerGroupMemberMetadataKey, 0).decode(key);
  const fields = { type: 'consumer-member', groupId, memberId } as const;
  return withValue(fields, value, ConsumerGroupMemberMetadataValue, (decoded) => {
    const { classicMemberMetadata, subscribedTopicRegex, ...metadata } = decoded;
    const classic = classicMemberMetadata && {
      sessionTimeoutMs: classicMemberMetadata.sessionTimeoutMs,
      protocols: classicMemberMetadata.supportedProtocols.map((each) => ({
        name: each.name,
        metadata: each.metadata.slice(),
      })),
    };
    return { ...metadata, subscribedTopicRegex: subscribedTopicRegex ?? '', classic };
  });
}

function decodeAssignment(key: Reader, value: Uint8Array | null): ConsumerGroupRecord | undefined {
  const { groupId, memberId } = codecOf(ConsumerGroupCurrentMemberAssignmentKey, 0).decode(key);
  const fields = { type: 'current-assignment', groupId, memberId } as const;
  return withValue(fields, value, ConsumerGroupCurrentMemberAssignmentValue, (decoded) => ({
    memberEpoch: decoded.memberEpoch,
    previousMemberEpoch: decoded.previousMemberEpoch,
    state: stateOf(decoded.state),
    assigned: partitionsOf(decoded.assignedPartitions),
    pendingRevocation: partitionsOf(decoded.partitionsPendingRevocation),
  }));
}

function stateOf(code: number): ConsumerMemberState {
  const states = Object.keys(stateCodes) as ConsumerMemberState[];
  return states.find((state) => stateCodes[state] === code) ?? 'unknown';
}

function partitionsOf(
  topics: readonly { topicId: string; partitions: readonly number[]; assignmentEpochs: readonly number[] | null }[],
): AssignedPartitions {
  return new Map(
    topics.map(({ topicId, partitions, assignmentEpochs }) => [
      topicId,
      // Releases before KIP-1251 wrote no epochs: then every commit of the member's epochs is let in.
      new Map(partitions.map((partition, index) => [partition, assignmentEpochs?.[index] ?? 0])),
    ]),
  );
}

/** The fields with their decoded value: null for a tombstone, nothing at all for a version of a newer release. */
function withValue<Fields extends object, In, Decoded, Value>(
  fields: Fields,
  bytes: Uint8Array | null,
  message: Message<In, Decoded>,
  made: (decoded: Decoded) => Value,
): (Fields & { readonly value: Value | null }) | undefined {
  if (bytes === null) return { ...fields, value: null };
  const decoded = versionedMessage(message, bytes);
  return decoded === undefined ? undefined : { ...fields, value: made(decoded) };
}
