import type { Instant } from '../../ports/clock.ts';
import type { ClassicGroup } from './classic-group.ts';
import { isExpired } from './commit.ts';
import type { GroupOffsets } from './offsets.ts';
import type { CommittedOffset, GroupRecord } from './records.ts';
import { subscribedTopics } from './subscription.ts';

/** Tombstones for the offsets that `unwanted` picks, and how many offsets stay. */
export function offsetTombstones(
  groupId: string,
  offsets: GroupOffsets | undefined,
  unwanted: (topic: string, partitionIndex: number, committed: CommittedOffset) => boolean,
): { readonly records: readonly GroupRecord[]; readonly kept: number } {
  const records: GroupRecord[] = [];
  let kept = 0;
  for (const [topic, partitions] of offsets?.topics() ?? []) {
    for (const [partitionIndex, committed] of partitions) {
      if (unwanted(topic, partitionIndex, committed)) {
        records.push({ type: 'offset', groupId, topic, partitionIndex, value: null });
      } else kept++;
    }
  }
  return { records, kept };
}

/**
 * Tombstones for what has expired (KIP-211): in an empty group every offset, retention counting from when it became empty; in a stable
 * group of consumers those of topics that nobody subscribes to; in a group that never had members by the time of the commit.
 */
export function expiredOffsets(
  group: ClassicGroup,
  offsets: GroupOffsets | undefined,
  retentionMs: number,
  now: Instant,
): { readonly records: readonly GroupRecord[]; readonly kept: number } {
  const subscribed = subscribedTopics(group);
  const emptySince =
    group.protocolType !== null && group.currentStateTimestamp >= 0 ? group.currentStateTimestamp : undefined;
  return offsetTombstones(group.groupId, offsets, (topic, partitionIndex, committed) => {
    if (offsets?.isPending(topic, partitionIndex)) return false;
    if (group.state === 'Empty') return isExpired(committed, emptySince, retentionMs, now.wallMs);
    if (subscribed === undefined || subscribed.has(topic)) return false;
    return isExpired(committed, undefined, retentionMs, now.wallMs);
  });
}
