import { ElectLeaders, ErrorCode, type ResponseOf } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { topicsWithPartitions } from '../groups/by-topic.ts';
import type { TopicPartition } from '../offsets/list-offsets.ts';
import type { AdminOptions } from './admin-options.ts';
import { type ItemOutcome, outcomeOf, settleEach, throwIfFailed } from './items.ts';
import { partitionLabel } from './partition-label.ts';

/** `unclean` may lose records: it takes a replica that was not in sync where no other is left. */
export type ElectionType = 'preferred' | 'unclean';

const electionTypes: Readonly<Record<ElectionType, number>> = { preferred: 0, unclean: 1 };
/** Before this version there are preferred elections alone (KIP-460). */
const TYPES_SINCE = 1;

export interface Election extends TopicPartition {
  /** False where the leader was the right one already. */
  readonly wasNeeded: boolean;
}

/** Elects leaders of partitions, or of all where that is needed. Rejects with PREFERRED_LEADER_NOT_AVAILABLE and others. */
export async function electLeaders(
  cluster: Cluster,
  type: ElectionType,
  partitions: readonly TopicPartition[] | undefined,
  { signal }: AdminOptions,
): Promise<Election[]> {
  const electionType = electionTypes[type];
  const atLeast = type === 'preferred' ? 0 : TYPES_SINCE;
  const elect = async (some: readonly TopicPartition[] | undefined) => {
    const topicPartitions = some === undefined ? null : topicsWithPartitions(some);
    const body = (version: number) => ({
      ...(version >= TYPES_SINCE ? { electionType } : {}),
      topicPartitions,
      timeoutMs: cluster.options.requestTimeoutMs,
    });
    const answer = await cluster.callController(ElectLeaders, body, { signal, atLeast });
    throwIfFailed(answer);
    return answer.replicaElectionResults;
  };
  if (partitions !== undefined) {
    const ask = async (some: readonly TopicPartition[]) => {
      const results = await elect(some);
      return some.map((one) => electionOf(one, results));
    };
    return settleEach(cluster, partitions, ask, { signal, label: partitionLabel });
  }
  const results = await cluster.retrying(() => elect(undefined), { signal });
  const answered = results.flatMap(({ topic, partitionResult }) =>
    partitionResult.map(({ partitionId: partition }) => ({ topic, partition })),
  );
  const outcomes = answered.map((one) => electionOf(one, results));
  return settleEach(cluster, answered, () => Promise.resolve(outcomes), { signal, label: partitionLabel });
}

function electionOf(
  { topic, partition }: TopicPartition,
  results: ResponseOf<typeof ElectLeaders>['replicaElectionResults'],
): ItemOutcome<Election> {
  const answer = results
    .find((one) => one.topic === topic)
    ?.partitionResult.find(({ partitionId }) => partitionId === partition);
  const isNeedless = answer?.errorCode === ErrorCode.ELECTION_NOT_NEEDED;
  if (isNeedless) return { value: { topic, partition, wasNeeded: false } };
  return outcomeOf(answer, () => ({ topic, partition, wasNeeded: true }), { topic, partition });
}
