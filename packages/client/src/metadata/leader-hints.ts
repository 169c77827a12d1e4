import type { Address } from '../ports/network.ts';
import type { ClusterView, PartitionView } from './cluster-view.ts';

/** Who leads a partition now, as a broker says that was asked in its place (KIP-951). */
export interface LeaderHint {
  readonly topic: string;
  readonly partition: number;
  readonly leaderId: number;
  readonly leaderEpoch: number;
}

/** A broker that hints speak of. */
export interface NodeEndpoint extends Address {
  readonly nodeId: number;
  readonly rack: string | null;
}

/**
 * The view after such hints: those of a leader that is newer than what is known, and whose address is. A broker that is not known yet is
 * learnt from `endpoints`; one that is known stays where it is, as the whole metadata tells it.
 */
export function withLeaders(
  view: ClusterView,
  hints: readonly LeaderHint[],
  endpoints: readonly NodeEndpoint[],
): ClusterView {
  const brokers = new Map(view.brokers);
  for (const endpoint of endpoints) if (!brokers.has(endpoint.nodeId)) brokers.set(endpoint.nodeId, endpoint);
  const topics = new Map(view.topics);
  let isNews = false;
  for (const { topic: name, partition: index, leaderId, leaderEpoch } of hints) {
    const topic = topics.get(name);
    const partition = topic?.partitions[index];
    if (topic === undefined || partition === undefined) continue;
    if (leaderEpoch <= partition.leaderEpoch || !brokers.has(leaderId)) continue;
    const moved: PartitionView = { ...partition, leaderId, leaderEpoch };
    topics.set(name, { ...topic, partitions: topic.partitions.with(index, moved) });
    isNews = true;
  }
  return isNews ? { ...view, brokers, topics } : view;
}
