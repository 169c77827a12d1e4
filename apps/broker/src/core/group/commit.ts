import { ErrorCode, ZERO_UUID } from '@ks/protocol';
import type { Instant } from '../../ports/clock.ts';
import type { ClusterImage } from '../metadata/image.ts';
import type { ClassicGroup } from './classic-group.ts';
import type { CommitCommand, FetchOffsetsCommand } from './commands.ts';
import type { GroupConfig } from './group-config.ts';
import { generationFault } from './membership.ts';
import type { GroupOffsets } from './offsets.ts';
import type { CommittedOffset, GroupRecord } from './records.ts';
import type { CommitReply, FetchedOffset, FetchOffsetsReply } from './replies.ts';

/** Why the whole commit is refused, NONE if it is not. */
export function commitFault(group: ClassicGroup | undefined, command: CommitCommand): number {
  if (group === undefined) {
    if (command.generationId < 0) return ErrorCode.NONE;
    return command.knowsConsumerGroups ? ErrorCode.GROUP_ID_NOT_FOUND : ErrorCode.ILLEGAL_GENERATION;
  }
  if (group.state === 'Dead') return ErrorCode.COORDINATOR_NOT_AVAILABLE;
  // A consumer that manages its partitions itself may commit while nobody else is there.
  if (command.generationId < 0 && group.state === 'Empty') return ErrorCode.NONE;
  const claimsMembership = command.generationId >= 0 || command.memberId !== '' || command.groupInstanceId !== null;
  if (!claimsMembership) return ErrorCode.UNKNOWN_MEMBER_ID;
  const errorCode = generationFault(group, command);
  if (errorCode !== ErrorCode.NONE) return errorCode;
  // Who owns what is open until the assignment is there; before that (PreparingRebalance) the old owners still commit.
  return group.state === 'CompletingRebalance' ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE;
}

/** The records of a commit that is not refused as a whole, and what each partition is answered; `faultOf` may refuse some. */
export function commit(
  command: Pick<CommitCommand, 'groupId' | 'retentionTimeMs' | 'topics'>,
  config: GroupConfig,
  now: Instant,
  faultOf: (topicId: string, partitionIndex: number) => number = () => ErrorCode.NONE,
): { readonly records: readonly GroupRecord[]; readonly reply: CommitReply } {
  const records: GroupRecord[] = [];
  const { groupId, retentionTimeMs } = command;
  const expireTimestamp = retentionTimeMs < 0 ? -1 : now.wallMs + retentionTimeMs;
  const topics = command.topics.map(({ topic, topicId, partitions }) => ({
    topic,
    topicId,
    partitions: partitions.map(({ partitionIndex, offset, leaderEpoch, metadata }) => {
      if (isTooLong(metadata, config.offsetMetadataMaxBytes)) {
        return { partitionIndex, errorCode: ErrorCode.OFFSET_METADATA_TOO_LARGE };
      }
      const errorCode = faultOf(topicId, partitionIndex);
      if (errorCode !== ErrorCode.NONE) return { partitionIndex, errorCode };
      const value = { offset, leaderEpoch, metadata, commitTimestamp: now.wallMs, expireTimestamp, topicId };
      records.push({ type: 'offset', groupId, topic, partitionIndex, value });
      return { partitionIndex, errorCode: ErrorCode.NONE };
    }),
  }));
  return { records, reply: { type: 'commit', topics } };
}

/** Kafka counts characters here, whatever the config's name says. */
function isTooLong(metadata: string, max: number): boolean {
  return metadata.length > max;
}

/** The same error for every partition of a commit. */
export function commitError(command: Pick<CommitCommand, 'topics'>, errorCode: number): CommitReply {
  const topics = command.topics.map(({ topic, topicId, partitions }) => ({
    topic,
    topicId,
    partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
  }));
  return { type: 'commit', topics };
}

const nothingCommitted = { committedOffset: -1, committedLeaderEpoch: -1, metadata: '' };

/** The committed offsets asked for; a partition without one is -1 without an error. */
export function fetchOffsets(
  offsets: GroupOffsets | undefined,
  command: FetchOffsetsCommand,
  image: ClusterImage,
): FetchOffsetsReply {
  const asked = command.topics ?? allPartitions(offsets);
  const topics = asked.map(({ topic, partitionIndexes }) => ({
    topic,
    partitions: partitionIndexes.map((index) => {
      if (isOfNamesake(topic, offsets?.get(topic, index), image)) {
        return { partitionIndex: index, ...nothingCommitted, errorCode: ErrorCode.NONE };
      }
      return fetchOffset(offsets, topic, index, command.requireStable);
    }),
  }));
  return { type: 'fetch-offsets', errorCode: ErrorCode.NONE, topics };
}

/** Whether the offset is of a topic that was deleted, while another has its name now: a crash may have kept it from going. */
function isOfNamesake(topic: string, committed: CommittedOffset | undefined, image: ClusterImage): boolean {
  if (committed === undefined || committed.topicId === ZERO_UUID) return false;
  const present = image.topicsByName.get(topic);
  return present !== undefined && present.topicId !== committed.topicId;
}

function allPartitions(offsets: GroupOffsets | undefined): NonNullable<FetchOffsetsCommand['topics']> {
  if (offsets === undefined) return [];
  return [...offsets.topics()].map(([topic, partitions]) => ({ topic, partitionIndexes: [...partitions.keys()] }));
}

function fetchOffset(
  offsets: GroupOffsets | undefined,
  topic: string,
  partitionIndex: number,
  requireStable: boolean,
): FetchedOffset {
  if (requireStable && offsets?.isPending(topic, partitionIndex)) {
    return { partitionIndex, ...nothingCommitted, errorCode: ErrorCode.UNSTABLE_OFFSET_COMMIT };
  }
  const committed = offsets?.get(topic, partitionIndex);
  if (committed === undefined) return { partitionIndex, ...nothingCommitted, errorCode: ErrorCode.NONE };
  const { offset, leaderEpoch, metadata } = committed;
  return {
    partitionIndex,
    committedOffset: offset,
    committedLeaderEpoch: leaderEpoch,
    metadata,
    errorCode: ErrorCode.NONE,
  };
}

/** Whether an offset's time is over. `emptySince`: since when nobody is in the group, undefined where that does not matter. */
export function isExpired(
  committed: CommittedOffset,
  emptySince: number | undefined,
  retentionMs: number,
  wallMs: number,
): boolean {
  if (committed.expireTimestamp >= 0) return wallMs >= committed.expireTimestamp;
  return wallMs - Math.max(emptySince ?? committed.commitTimestamp, committed.commitTimestamp) >= retentionMs;
}
