import type { Assignor, AssignedMember } from './assignors/assignor.ts';
import { assignRanges } from './assignors/range.ts';
import { assignUniformly } from './assignors/uniform.ts';
import type { ConsumerGroupDraft } from './consumer-draft.ts';
import type { ConsumerGroup } from './consumer-group.ts';
import type { ClusterImage } from '../metadata/image.ts';
import { NO_PARTITIONS, samePartitions } from './topic-partitions.ts';

/** The assignors by the names that clients ask for them with. */
export const assignors: ReadonlyMap<string, Assignor> = new Map([
  ['uniform', assignUniformly],
  ['range', assignRanges],
]);

/** The assignor that most members ask for; `fallback` where none asks. Among equals, the first by name. */
export function preferredAssignor(group: ConsumerGroup, fallback: string): string {
  const votes = new Map<string, number>();
  for (const { serverAssignor } of group.members()) {
    if (serverAssignor !== null) votes.set(serverAssignor, (votes.get(serverAssignor) ?? 0) + 1);
  }
  const [winner] = [...votes].sort(([nameA, countA], [nameB, countB]) => countB - countA || (nameA < nameB ? -1 : 1));
  return winner?.[0] ?? fallback;
}

/**
 * Makes the target assignment of the group's epoch, unless there is one or the last one is too young (group.consumer.assignment.interval.ms):
 * then a later heartbeat makes it, unless it is wanted `inAnyCase`.
 */
export function updateTarget(draft: ConsumerGroupDraft, inAnyCase = false): void {
  const { group, groupId, now, view } = draft;
  if (group.assignmentEpoch >= group.groupEpoch) return;
  const { assignmentIntervalMs } = view.consumerPeriods(groupId);
  const { assignmentTimestamp } = group;
  const isDue = assignmentTimestamp === 0 || now.wallMs - assignmentTimestamp >= assignmentIntervalMs;
  // A clock that was set back must not hold assignments up.
  if (!inAnyCase && !isDue && assignmentTimestamp <= now.wallMs) return;
  const name = preferredAssignor(group, view.config.consumer.assignors[0] ?? 'uniform');
  const assign = assignors.get(name) ?? assignUniformly;
  const targets = assign(assignorInput(group, view.image()));
  for (const [memberId, target] of targets) {
    const isWritten = group.hasTarget(memberId);
    if (isWritten && samePartitions(group.target(memberId), target)) continue;
    draft.write({ type: 'target-member', groupId, memberId, value: target });
  }
  const value = { assignmentEpoch: group.groupEpoch, assignmentTimestamp: now.wallMs };
  draft.write({ type: 'target-metadata', groupId, value });
}

function assignorInput(group: ConsumerGroup, image: ClusterImage): Parameters<Assignor>[0] {
  const partitionCounts = new Map<string, number>();
  // Most members subscribe to the same: they share one set.
  const sets = new Map<string, ReadonlySet<string>>();
  const members: AssignedMember[] = [];
  for (const member of group.members()) {
    const key = JSON.stringify([member.subscribedTopicRegex, member.subscribedTopicNames]);
    let topicIds = sets.get(key);
    if (topicIds === undefined) {
      topicIds = topicIdsOf(group.subscribedTopics(member), image, partitionCounts);
      sets.set(key, topicIds);
    }
    const { memberId, instanceId } = member;
    members.push({ memberId, instanceId, topicIds, target: group.target(memberId) ?? NO_PARTITIONS });
  }
  // Whatever order the members came in, the result is the same.
  members.sort((a, b) => (a.memberId < b.memberId ? -1 : 1));
  return { members, partitionCounts: new Map([...partitionCounts].sort(([a], [b]) => (a < b ? -1 : 1))) };
}

function topicIdsOf(
  topicNames: ReadonlySet<string>,
  image: ClusterImage,
  partitionCounts: Map<string, number>,
): ReadonlySet<string> {
  const topicIds = new Set<string>();
  for (const name of topicNames) {
    const topic = image.topicsByName.get(name);
    if (topic === undefined) continue;
    topicIds.add(topic.topicId);
    partitionCounts.set(topic.topicId, topic.partitions.length);
  }
  return topicIds;
}
