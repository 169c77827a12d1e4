import type { ClusterImage } from '../core/metadata/image.ts';
import { isActive } from '../core/metadata/lives.ts';
import { type ReadCandidate, selectReadReplica } from '../core/partition/read-replica.ts';
import type { HostedReplica } from './hosted-replica.ts';

/**
 * The broker that a consumer should rather read a partition from that is led here (KIP-392); undefined where that is this one.
 * Only replicas in sync count, that are alive and have the offset.
 */
export function nearestReplica(
  replica: HostedReplica,
  fetchOffset: number,
  rackId: string,
  image: ClusterImage | undefined,
): number | undefined {
  const leader = image?.brokers.get(replica.currentLeader.leaderId);
  if (image === undefined || leader === undefined) return undefined;
  const followers: ReadCandidate[] = [];
  for (const brokerId of replica.isr) {
    const broker = image.brokers.get(brokerId);
    const state = replica.follower(brokerId);
    if (state?.endOffset === undefined || !isActive(broker)) continue;
    const { endOffset, logStartOffset, caughtUpMs } = state;
    if (fetchOffset < logStartOffset || fetchOffset > endOffset) continue;
    followers.push({ brokerId, rack: broker.rack, endOffset, caughtUpMs });
  }
  const chosen = selectReadReplica(rackId, leader, followers);
  return chosen === leader.brokerId ? undefined : chosen;
}
