import { ErrorCode, OffsetCommit, OffsetDelete, OffsetFetch } from '@ks/protocol';
import type { AdminOptions } from '../admin/admin-options.ts';
import { throwFirstFailure } from '../admin/first-failure.ts';
import type { Cluster } from '../cluster.ts';
import { errorFromCode } from '../kafka-error.ts';
import type { TopicPartition } from '../offsets/list-offsets.ts';
import { byTopic } from './by-topic.ts';
import { atCoordinator } from './coordinator.ts';

/** What a group has committed for a partition. */
export interface CommittedOffset extends TopicPartition {
  /** The offset of the next record that the group reads. */
  readonly offset: number;
  /** -1 where it is not known. */
  readonly leaderEpoch: number;
  readonly metadata: string;
}

/** What is committed: offset, and what comes with it where that is wanted. */
export interface OffsetToCommit extends TopicPartition {
  readonly offset: number;
  readonly leaderEpoch?: number | undefined;
  readonly metadata?: string | undefined;
}

/** Who commits: a member with its generation or epoch, or nobody (-1), which only a group without members takes. */
export interface Committer {
  readonly memberId: string;
  readonly generationIdOrMemberEpoch: number;
  readonly groupInstanceId?: string | undefined;
}

/** From here on topics go by id; names do for every broker. */
const NAMES_UNTIL = 9;
const GROUPS_SINCE = 8;
const ALL_TOPICS_SINCE = 2;
const NOBODY: Committer = { memberId: '', generationIdOrMemberEpoch: -1 };

/** The offsets that a group has committed: of `partitions`, or all. Partitions without one are left out. */
export async function fetchOffsets(
  cluster: Cluster,
  groupId: string,
  partitions: readonly TopicPartition[] | undefined,
  options: AdminOptions & { readonly committer?: Committer | undefined },
): Promise<CommittedOffset[]> {
  const topics =
    partitions === undefined
      ? null
      : [...byTopic(partitions)].map(([name, some]) => ({
          name,
          partitionIndexes: some.map(({ partition }) => partition),
        }));
  const { committer, signal } = options;
  const member = committer && { memberId: committer.memberId, memberEpoch: committer.generationIdOrMemberEpoch };
  return atCoordinator(
    cluster,
    groupId,
    async (nodeId) => {
      const response = await cluster.callBroker(
        nodeId,
        OffsetFetch,
        (version) =>
          version >= GROUPS_SINCE
            ? { groups: [{ groupId, topics, ...(version > GROUPS_SINCE ? member : {}) }], requireStable: true }
            : { groupId, topics, ...(version === GROUPS_SINCE - 1 ? { requireStable: true } : {}) },
        { signal, atLeast: topics === null ? ALL_TOPICS_SINCE : 1, atMost: NAMES_UNTIL },
      );
      const [group = response] = response.groups;
      if (group.errorCode !== ErrorCode.NONE) throw errorFromCode(group.errorCode, undefined, {});
      return group.topics.flatMap(({ name, partitions: listed }) => listed.flatMap((one) => committedOf(name, one)));
    },
    { signal },
  );
}

function committedOf(
  topic: string,
  answer: {
    readonly partitionIndex: number;
    readonly committedOffset: number;
    readonly committedLeaderEpoch: number;
    readonly metadata: string | null;
    readonly errorCode: number;
  },
): CommittedOffset[] {
  const { partitionIndex: partition, committedOffset: offset, committedLeaderEpoch: leaderEpoch, metadata } = answer;
  if (answer.errorCode !== ErrorCode.NONE) throw errorFromCode(answer.errorCode, undefined, { topic, partition });
  return offset < 0 ? [] : [{ topic, partition, offset, leaderEpoch, metadata: metadata ?? '' }];
}

/** Commits offsets of a group. Rejects with UNKNOWN_MEMBER_ID where nobody commits and the group has members. */
export async function commitOffsets(
  cluster: Cluster,
  groupId: string,
  offsets: readonly OffsetToCommit[],
  options: AdminOptions & { readonly committer?: Committer | undefined },
): Promise<void> {
  if (offsets.length === 0) return;
  const { committer = NOBODY, signal } = options;
  const body = {
    groupId,
    memberId: committer.memberId,
    generationIdOrMemberEpoch: committer.generationIdOrMemberEpoch,
    groupInstanceId: committer.groupInstanceId ?? null,
    topics: [...byTopic(offsets)].map(([name, some]) => ({
      name,
      partitions: some.map(({ partition, offset, leaderEpoch, metadata }) => ({
        partitionIndex: partition,
        committedOffset: offset,
        committedLeaderEpoch: leaderEpoch ?? -1,
        committedMetadata: metadata ?? '',
      })),
    })),
  };
  await atCoordinator(
    cluster,
    groupId,
    async (nodeId) => {
      const limits = { signal, atLeast: 2, atMost: NAMES_UNTIL };
      const response = await cluster.callBroker(nodeId, OffsetCommit, body, limits);
      throwFirstFailure(
        response.topics.flatMap(({ name, partitions }) => partitions.map((one) => ({ ...one, topic: name }))),
      );
    },
    { signal },
  );
}

/** Deletes what a group has committed for partitions. Rejects with GROUP_SUBSCRIBED_TO_TOPIC where a member still reads one. */
export async function deleteOffsets(
  cluster: Cluster,
  groupId: string,
  partitions: readonly TopicPartition[],
  { signal }: AdminOptions,
): Promise<void> {
  const topics = [...byTopic(partitions)].map(([name, some]) => ({
    name,
    partitions: some.map(({ partition }) => ({ partitionIndex: partition })),
  }));
  await atCoordinator(
    cluster,
    groupId,
    async (nodeId) => {
      const response = await cluster.callBroker(nodeId, OffsetDelete, { groupId, topics }, { signal });
      if (response.errorCode !== ErrorCode.NONE) throw errorFromCode(response.errorCode, undefined, {});
      throwFirstFailure(
        response.topics.flatMap(({ name, partitions: some }) => some.map((one) => ({ ...one, topic: name }))),
      );
    },
    { signal },
  );
}
