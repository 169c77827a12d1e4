import { AlterShareGroupOffsets, DeleteShareGroupOffsets, DescribeShareGroupOffsets } from '@ks/protocol';
import type { AdminOptions } from '../admin/admin-options.ts';
import { type ItemOutcome, outcomeOf, settleEach, throwIfFailed } from '../admin/items.ts';
import { partitionLabel } from '../admin/partition-label.ts';
import type { Cluster } from '../cluster.ts';
import type { TopicPartition } from '../offsets/list-offsets.ts';
import { byTopic, topicsWithPartitions } from './by-topic.ts';
import { atCoordinator, findCoordinator } from './coordinator.ts';

/** Where a share group begins in a partition: what lies before it has been dealt with. */
export interface ShareGroupOffset extends TopicPartition {
  /** -1 where the group has not begun yet. */
  readonly startOffset: number;
  readonly leaderEpoch: number;
  /** Records that are still to be dealt with; -1 where the broker does not say. */
  readonly lag: number;
}

/** Start offsets of a share group (KIP-932): of these partitions, or all it has. */
export async function describeShareGroupOffsets(
  cluster: Cluster,
  groupId: string,
  partitions: readonly TopicPartition[] | undefined,
  { signal }: AdminOptions,
): Promise<ShareGroupOffset[]> {
  const describe = async (some: readonly TopicPartition[] | undefined) => {
    const topics =
      some === undefined
        ? null
        : topicsWithPartitions(some).map(({ topic: topicName, partitions: numbers }) => {
            return { topicName, partitions: numbers };
          });
    const nodeId = await findCoordinator(cluster, groupId, signal);
    const body = { groups: [{ groupId, topics }] };
    const { groups } = await cluster.callBroker(nodeId, DescribeShareGroupOffsets, body, { signal });
    for (const group of groups) throwIfFailed(group);
    return groups.flatMap((group) =>
      group.topics.flatMap(({ topicName: topic, partitions: answers }) =>
        answers.map((answer) => ({
          topic,
          partition: answer.partitionIndex,
          outcome: outcomeOf(answer, () => offsetOf(topic, answer), { topic, partition: answer.partitionIndex }),
        })),
      ),
    );
  };
  if (partitions === undefined) {
    const all = await cluster.retrying(() => describe(undefined), { signal });
    const ask = () => Promise.resolve(all.map(({ outcome }) => outcome));
    return settleEach(cluster, all, ask, { signal, label: partitionLabel });
  }
  const ask = async (some: readonly TopicPartition[]): Promise<ItemOutcome<ShareGroupOffset>[]> => {
    const answers = await describe(some);
    return some.map(({ topic, partition }) => {
      const found = answers.find((one) => one.topic === topic && one.partition === partition);
      return (
        found?.outcome ?? outcomeOf(undefined, () => ({ topic, partition, startOffset: -1, leaderEpoch: -1, lag: -1 }))
      );
    });
  };
  return settleEach(cluster, partitions, ask, { signal, label: partitionLabel });
}

function offsetOf(
  topic: string,
  answer: {
    readonly partitionIndex: number;
    readonly startOffset: number;
    readonly leaderEpoch: number;
    readonly lag: number;
  },
): ShareGroupOffset {
  const { partitionIndex: partition, startOffset, leaderEpoch, lag } = answer;
  return { topic, partition, startOffset, leaderEpoch, lag };
}

/** Sets where a share group without members begins. Rejects with NON_EMPTY_GROUP. */
export async function alterShareGroupOffsets(
  cluster: Cluster,
  groupId: string,
  offsets: readonly (TopicPartition & { readonly startOffset: number })[],
  { signal }: AdminOptions,
): Promise<void> {
  const ask = async (some: readonly (TopicPartition & { readonly startOffset: number })[]) => {
    const topics = [...byTopic(some)].map(([topicName, partitions]) => ({
      topicName,
      partitions: partitions.map(({ partition, startOffset }) => ({ partitionIndex: partition, startOffset })),
    }));
    const nodeId = await findCoordinator(cluster, groupId, signal);
    const answer = await cluster.callBroker(nodeId, AlterShareGroupOffsets, { groupId, topics }, { signal });
    throwIfFailed(answer);
    return some.map(({ topic, partition }) => {
      const found = answer.responses
        .find(({ topicName }) => topicName === topic)
        ?.partitions.find(({ partitionIndex }) => partitionIndex === partition);
      return outcomeOf(found, () => undefined, { topic, partition });
    });
  };
  await settleEach(cluster, offsets, ask, { signal, label: partitionLabel });
}

/** Forgets where a share group without members begins in topics. Rejects with NON_EMPTY_GROUP. */
export async function deleteShareGroupOffsets(
  cluster: Cluster,
  groupId: string,
  topics: readonly string[],
  { signal }: AdminOptions,
): Promise<void> {
  const ask = (some: readonly string[]) =>
    atCoordinator(
      cluster,
      groupId,
      async (nodeId) => {
        const body = { groupId, topics: some.map((topicName) => ({ topicName })) };
        const answer = await cluster.callBroker(nodeId, DeleteShareGroupOffsets, body, { signal });
        throwIfFailed(answer);
        return some.map((topic) =>
          outcomeOf(
            answer.responses.find(({ topicName }) => topicName === topic),
            () => undefined,
            { topic },
          ),
        );
      },
      { signal },
    );
  await settleEach(cluster, topics, ask, { signal, label: (topic) => topic });
}
