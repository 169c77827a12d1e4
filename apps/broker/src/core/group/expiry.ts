import type { Instant } from '../../ports/clock.ts';
import { isExpired } from './commit.ts';
import type { GroupView } from './group-shard.ts';
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
 * Tombstones for what has expired (KIP-211): in an empty classic group every offset, retention counting from when it became empty; in a
 * stable one of consumers those of topics that nobody subscribes to; else, and in a group that never had members, by the time of the
 * commit. In a consumer group (KIP-848) by the time of the commit, of topics that nobody subscribes to.
 */
export function expiredOffsets(
  view: GroupView,
  groupId: string,
  now: Instant,
): { readonly records: readonly GroupRecord[]; readonly kept: number } {
  const offsets = view.offsets(groupId);
  const retentionMs = view.config.offsetsRetentionMs;
  const { expires, emptySince } = expiryRule(view, groupId);
  return offsetTombstones(groupId, offsets, (topic, partitionIndex, committed) => {
    if (offsets?.isPending(topic, partitionIndex) || !expires(topic)) return false;
    return isExpired(committed, emptySince, retentionMs, now.wallMs);
  });
}

/** Which topics' offsets may expire, and since when nobody has been there, where that counts. */
function expiryRule(
  view: GroupView,
  groupId: string,
): { readonly expires: (topic: string) => boolean; readonly emptySince: number | undefined } {
  const consumerGroup = view.consumerGroup(groupId);
  if (consumerGroup !== undefined) {
    const subscribed = consumerGroup.allSubscribedTopics();
    return { expires: (topic) => !subscribed.has(topic), emptySince: undefined };
  }
  const group = view.group(groupId);
  if (group === undefined) return { expires: () => false, emptySince: undefined };
  if (group.state === 'Empty') {
    const isKnown = group.protocolType !== null && group.currentStateTimestamp >= 0;
    return { expires: () => true, emptySince: isKnown ? group.currentStateTimestamp : undefined };
  }
  const subscribed = subscribedTopics(group);
  return { expires: (topic) => subscribed?.has(topic) === false, emptySince: undefined };
}
