import { ErrorCode, OffsetCommit, OffsetFetch, type ResponseOf } from '@ks/protocol';
import type { PartitionHistory } from '../history/partition-history.ts';
import type { Stage } from './actor.ts';
import type { ProgramClient } from './program-client.ts';

const TOPIC_IDS_SINCE = 10;
const GROUPS_SINCE = 8;
const STABLE_SINCE = 7;
/** The whole OffsetCommit, not its partition, is refused with these. Others leave open whether it was written. */
const REFUSALS: readonly number[] = [
  ErrorCode.ILLEGAL_GENERATION,
  ErrorCode.UNKNOWN_MEMBER_ID,
  ErrorCode.REBALANCE_IN_PROGRESS,
  ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCode.UNKNOWN_TOPIC_ID,
  ErrorCode.STALE_MEMBER_EPOCH,
];

/** Who commits: a member of a generation, or nobody in particular. */
export interface Committer {
  readonly group: string;
  readonly generationId: number;
  readonly memberId: string;
  /** The oldest OffsetCommit that the committer speaks. */
  readonly sinceVersion?: number;
}

/** The register that a committed offset is. */
export function keyOf(group: string, { name, topicId }: PartitionHistory): string {
  return `${group} ${name} ${topicId}`;
}

/** Commits an offset of some partitions. Gives the error code, undefined without an answer. */
export async function commitOffsets(
  stage: Stage,
  client: ProgramClient,
  committer: Committer,
  offsets: ReadonlyMap<PartitionHistory, number>,
): Promise<number | undefined> {
  const { groups } = stage.history;
  const { group, generationId, memberId, sinceVersion = 2 } = committer;
  const version = client.version(OffsetCommit, sinceVersion);
  if (version === undefined || offsets.size === 0) return undefined;
  const ids = new Map([...offsets].map(([each, offset]) => [each, groups.committing(keyOf(group, each), offset)]));
  stage.note(`${client.name} commits ${[...offsets].map(([{ name }, offset]) => `${name}@${offset}`).join(' ')}`);
  const answer = await client.request(OffsetCommit, version, {
    groupId: group,
    generationIdOrMemberEpoch: generationId,
    memberId,
    topics: [...offsets].map(([partition, committedOffset]) => ({
      ...(version >= TOPIC_IDS_SINCE ? { name: '', topicId: partition.topicId } : { name: partition.topic }),
      partitions: [{ partitionIndex: partition.index, committedOffset, committedMetadata: `c${ids.get(partition)}` }],
    })),
  });
  if (answer === undefined) return undefined;
  let worst: number = ErrorCode.NONE;
  for (const [partition, id] of ids) {
    const errorCode = errorOf(answer, partition, version);
    stage.history.count(`commit error ${errorCode}`);
    if (errorCode === undefined) stage.history.violate(`an answer to OffsetCommit leaves ${partition.name} out`);
    else if (errorCode === ErrorCode.NONE) groups.committed(keyOf(group, partition), id);
    else if (REFUSALS.includes(errorCode)) groups.refused(keyOf(group, partition), id);
    worst = errorCode ?? worst;
  }
  return worst;
}

function errorOf(
  answer: ResponseOf<typeof OffsetCommit>,
  { topic, topicId, index }: PartitionHistory,
  version: number,
): number | undefined {
  for (const each of answer.topics) {
    if (version >= TOPIC_IDS_SINCE ? each.topicId !== topicId : each.name !== topic) continue;
    const found = each.partitions.find(({ partitionIndex }) => partitionIndex === index);
    if (found !== undefined) return found.errorCode;
  }
  return undefined;
}

/** Reads what a group has committed of a partition, and holds it to what was acknowledged. */
export async function fetchCommitted(
  stage: Stage,
  client: ProgramClient,
  group: string,
  partition: PartitionHistory,
  requireStable = false,
): Promise<void> {
  const { groups } = stage.history;
  const version = client.version(OffsetFetch, requireStable ? STABLE_SINCE : 2);
  if (version === undefined || partition.isDoomed) return;
  const { topic, topicId, index } = partition;
  const fetch = groups.fetching();
  const topics = [{ name: topic, partitionIndexes: [index] }];
  const byId = [
    { ...(version >= TOPIC_IDS_SINCE ? { name: '', topicId } : { name: topic }), partitionIndexes: [index] },
  ];
  const answer = await client.request(
    OffsetFetch,
    version,
    version >= GROUPS_SINCE
      ? { groups: [{ groupId: group, topics: byId }], requireStable }
      : { groupId: group, topics, requireStable },
  );
  if (answer === undefined || partition.isDoomed) return;
  const told = version >= GROUPS_SINCE ? answer.groups[0] : answer;
  const [found] = told?.topics[0]?.partitions ?? [];
  stage.history.count(`committed offset error ${told?.errorCode} ${found?.errorCode}`);
  if (told?.errorCode !== 0 || found === undefined || found.errorCode !== 0) return;
  stage.note(`${client.name} reads ${partition.name}@${found.committedOffset} ${found.metadata}`);
  groups.fetched(keyOf(group, partition), fetch, found.committedOffset, found.metadata);
}
