import {
  codecOf,
  GroupMetadataKey,
  GroupMetadataValue,
  OffsetCommitKey,
  OffsetCommitValue,
  Reader,
  ZERO_UUID,
} from '@ks/protocol';
import { type ConsumerGroupRecord, decodeConsumerRecord, encodeConsumerRecord } from './consumer-records.ts';
import { type KeyAndValue, messageBytes, versionedMessage } from './record-bytes.ts';

/** Record types of `__consumer_offsets` keys that classic groups use. */
const OFFSET_COMMIT = 1;
const OFFSET_COMMIT_LEGACY = 0;
const GROUP_METADATA = 2;

/** A committed offset as the log keeps it. */
export interface CommittedOffset {
  readonly offset: number;
  /** Of the record before the offset, -1 where the client did not say. */
  readonly leaderEpoch: number;
  readonly metadata: string;
  /** Wall time in milliseconds. */
  readonly commitTimestamp: number;
  /** Wall time in milliseconds, -1: as offsets.retention.minutes says. */
  readonly expireTimestamp: number;
  /** The zero UUID where unknown. */
  readonly topicId: string;
}

/** A member of a classic group as the log keeps it. */
export interface DurableMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly rebalanceTimeoutMs: number;
  readonly sessionTimeoutMs: number;
  readonly subscription: Uint8Array;
  readonly assignment: Uint8Array;
}

/** A classic group as the log keeps it: its last stable or empty generation. */
export interface DurableGroup {
  readonly protocolType: string;
  readonly generationId: number;
  readonly protocolName: string | null;
  readonly leader: string | null;
  /** Wall time in milliseconds of the last change of state, -1 where unknown. */
  readonly currentStateTimestamp: number;
  readonly members: readonly DurableMember[];
}

/** One record of `__consumer_offsets`; a null value is a tombstone. */
export type GroupRecord =
  | ConsumerGroupRecord
  | {
      readonly type: 'offset';
      readonly groupId: string;
      readonly topic: string;
      readonly partitionIndex: number;
      readonly value: CommittedOffset | null;
    }
  | { readonly type: 'group'; readonly groupId: string; readonly value: DurableGroup | null };

/** Kafka's bytes of a record. */
export function encodeGroupRecord(record: GroupRecord): KeyAndValue {
  switch (record.type) {
    case 'offset':
      return encodeOffset(record);
    case 'group':
      return encodeGroup(record);
    default:
      return encodeConsumerRecord(record);
  }
}

/**
 * The record of these bytes; undefined for a type or a version that this release does not know, which a newer one wrote. Byte fields are
 * copies. Throws a `ProtocolError` for bytes that are no record.
 */
export function decodeGroupRecord(key: Uint8Array, value: Uint8Array | null): GroupRecord | undefined {
  const keyReader = new Reader(key);
  const recordType = keyReader.int16();
  switch (recordType) {
    case OFFSET_COMMIT_LEGACY:
    case OFFSET_COMMIT: {
      const { group, topic, partition } = codecOf(OffsetCommitKey, 0).decode(keyReader);
      const decoded = value === null ? null : decodeOffset(value);
      if (decoded === undefined) return undefined;
      return { type: 'offset', groupId: group, topic, partitionIndex: partition, value: decoded };
    }
    case GROUP_METADATA: {
      const { group } = codecOf(GroupMetadataKey, 0).decode(keyReader);
      const decoded = value === null ? null : decodeGroup(value);
      return decoded === undefined ? undefined : { type: 'group', groupId: group, value: decoded };
    }
    default:
      return decodeConsumerRecord(recordType, keyReader, value);
  }
}

function encodeOffset(record: GroupRecord & { type: 'offset' }): KeyAndValue {
  const { groupId, topic, partitionIndex, value } = record;
  const key = messageBytes(OffsetCommitKey, OFFSET_COMMIT, 0, { group: groupId, topic, partition: partitionIndex });
  if (value === null) return { key, value: null };
  // Version 1 alone has expireTimestamp (and no leader epoch); 4 adds the topic id; 3 is what every release since 2.1 reads.
  const version = value.expireTimestamp >= 0 ? 1 : value.topicId === ZERO_UUID ? 3 : 4;
  return { key, value: messageBytes(OffsetCommitValue, version, version, value) };
}

function encodeGroup(record: GroupRecord & { type: 'group' }): KeyAndValue {
  const key = messageBytes(GroupMetadataKey, GROUP_METADATA, 0, { group: record.groupId });
  if (record.value === null) return { key, value: null };
  const { protocolType, generationId, protocolName, leader, currentStateTimestamp, members } = record.value;
  const value = messageBytes(GroupMetadataValue, 3, 3, {
    protocolType,
    generation: generationId,
    protocol: protocolName,
    leader,
    currentStateTimestamp,
    members: members.map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      rebalanceTimeout: member.rebalanceTimeoutMs,
      sessionTimeout: member.sessionTimeoutMs,
      subscription: member.subscription,
      assignment: member.assignment,
    })),
  });
  return { key, value };
}

function decodeOffset(bytes: Uint8Array): CommittedOffset | undefined {
  const value = versionedMessage(OffsetCommitValue, bytes);
  if (value === undefined) return undefined;
  const { offset, leaderEpoch, metadata, commitTimestamp, expireTimestamp, topicId } = value;
  return { offset, leaderEpoch, metadata, commitTimestamp, expireTimestamp, topicId };
}

function decodeGroup(bytes: Uint8Array): DurableGroup | undefined {
  const value = versionedMessage(GroupMetadataValue, bytes);
  if (value === undefined) return undefined;
  return {
    protocolType: value.protocolType,
    generationId: value.generation,
    protocolName: value.protocol,
    leader: value.leader,
    currentStateTimestamp: value.currentStateTimestamp,
    members: value.members.map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      // Version 0 has no rebalance time-out: the session's stood for both.
      rebalanceTimeoutMs: member.rebalanceTimeout < 0 ? member.sessionTimeout : member.rebalanceTimeout,
      sessionTimeoutMs: member.sessionTimeout,
      subscription: member.subscription.slice(),
      assignment: member.assignment.slice(),
    })),
  };
}
