import { ErrorCode } from '@ks/protocol';
import type { Instant } from '../../ports/clock.ts';
import type { ClusterImage } from '../metadata/image.ts';
import { type ClassicGroup, type Member, metadataOf } from './classic-group.ts';
import { ConsumerGroupDraft } from './consumer-draft.ts';
import { ConsumerGroup } from './consumer-group.ts';
import { type ConsumerMember, newMember } from './consumer-member.ts';
import {
  assignedPartitionsOf,
  CONSUMER_PROTOCOL_TYPE,
  ownedPartitionsOf,
  subscriptionOf,
} from './consumer-protocol.ts';
import { deadlineKey } from './deadlines.ts';
import { type Fault, fault } from './fault.ts';
import type { GroupChange } from './group-draft.ts';
import type { GroupView } from './group-shard.ts';
import type { GroupRecord } from './records.ts';
import { joinError, syncError } from './replies.ts';
import { NO_PARTITIONS, type TopicPartitions, underEpoch } from './topic-partitions.ts';

/**
 * Makes a consumer group of a classic one because a member of the new protocol joins it (KIP-848). An empty group just gives way; one
 * with members keeps them, with what they have, and they are served in their old protocol from now on.
 */
export function upgradeClassicGroup(view: GroupView, group: ClassicGroup, now: Instant): ConsumerGroupDraft | Fault {
  const { groupId } = group;
  const records: GroupRecord[] = view.isDurable(groupId) ? [{ type: 'group', groupId, value: null }] : [];
  const soft = [classicGroupGone(group)];
  if (group.members.size === 0) return new ConsumerGroupDraft(view, now, new ConsumerGroup(groupId), { records, soft });
  const members = upgradeFault(view, group) ?? upgradedMembers(group, view.image());
  if ('errorCode' in members) return members;
  const draft = new ConsumerGroupDraft(view, now, new ConsumerGroup(groupId), { records, soft });
  writeUpgraded(draft, group, members);
  return draft;
}

function upgradeFault({ config }: GroupView, group: ClassicGroup): Fault | undefined {
  const { migrationPolicy, maxSize } = config.consumer;
  const refuse = (why: string): Fault =>
    fault(ErrorCode.GROUP_ID_NOT_FOUND, `Group ${group.groupId} is a classic group and cannot be upgraded: ${why}`);
  if (migrationPolicy !== 'upgrade' && migrationPolicy !== 'bidirectional') return refuse('upgrades are switched off');
  if (group.protocolType !== CONSUMER_PROTOCOL_TYPE) return refuse('its members are no consumers');
  if (group.members.size > maxSize) return refuse(`it has more than ${maxSize} members`);
  return undefined;
}

/** Every member as one of the new group, in the old group's generation; a fault where one cannot be understood. */
function upgradedMembers(group: ClassicGroup, image: ClusterImage): readonly ConsumerMember[] | Fault {
  const members: ConsumerMember[] = [];
  const claims = new Map<string, TopicPartitions>();
  for (const member of group.members.values()) {
    const subscription = subscriptionOf(subscribedBytes(group, member));
    const assigned = assignedPartitionsOf(member.assignment, image);
    if (subscription === undefined || assigned === undefined) {
      const message = `Group ${group.groupId} cannot be upgraded: member ${member.memberId} uses an assignor of its own`;
      return fault(ErrorCode.GROUP_ID_NOT_FOUND, message);
    }
    const { memberId, groupInstanceId, clientId, clientHost, rebalanceTimeoutMs, sessionTimeoutMs, protocols } = member;
    members.push({
      ...newMember(memberId),
      instanceId: groupInstanceId,
      rackId: subscription.rackId,
      clientId,
      clientHost,
      rebalanceTimeoutMs,
      subscribedTopicNames: [...new Set(subscription.topics)].sort(),
      classic: { sessionTimeoutMs, protocols },
      memberEpoch: group.generationId,
      previousMemberEpoch: group.generationId,
      assigned: underEpoch(assigned, group.generationId),
    });
    claims.set(memberId, ownedPartitionsOf(subscription, image));
  }
  return members.map((member) => withClaims(member, claims.get(member.memberId) ?? NO_PARTITIONS, members));
}

/**
 * A cooperative member (KIP-429) gives up what it is told to only after it has learned so, and joins again then. What it had when it
 * joined last, and nobody has been given since, it may be at work on: it keeps it until it says otherwise.
 */
function withClaims(
  member: ConsumerMember,
  claims: TopicPartitions,
  members: readonly ConsumerMember[],
): ConsumerMember {
  const pendingRevocation = new Map<string, ReadonlyMap<number, number>>();
  for (const [topicId, claimed] of claims) {
    const isGiven = (partition: number): boolean => members.some((each) => each.assigned.get(topicId)?.has(partition));
    const kept = [...claimed].filter((partition) => !isGiven(partition));
    if (kept.length > 0) pendingRevocation.set(topicId, new Map(kept.map((each) => [each, member.memberEpoch])));
  }
  if (pendingRevocation.size === 0) return member;
  return { ...member, state: 'unrevoked-partitions', pendingRevocation };
}

/** In a first rebalance no protocol has been chosen yet. */
function subscribedBytes(group: ClassicGroup, member: Member): Uint8Array {
  return metadataOf(member, group.protocolName ?? member.protocols[0]?.name ?? null);
}

function writeUpgraded(draft: ConsumerGroupDraft, group: ClassicGroup, members: readonly ConsumerMember[]): void {
  const { groupId, view } = draft;
  for (const member of members) draft.writeMetadata(member);
  const metadataHash = view.topicHashes.of(draft.group.allSubscribedTopics(), view.image());
  draft.write({ type: 'consumer-group', groupId, value: { groupEpoch: group.generationId, metadataHash } });
  for (const { memberId, assigned } of members) {
    const value = new Map([...assigned].map(([topicId, partitions]) => [topicId, new Set(partitions.keys())]));
    draft.write({ type: 'target-member', groupId, memberId, value });
  }
  const value = { assignmentEpoch: group.generationId, assignmentTimestamp: 0 };
  draft.write({ type: 'target-metadata', groupId, value });
  for (const member of members) {
    draft.writeAssignment(member);
    draft.arm('consumer-session', member.classic?.sessionTimeoutMs ?? 0, member.memberId);
    if (member.state !== 'unrevoked-partitions') continue;
    draft.arm('consumer-rebalance', member.rebalanceTimeoutMs, member.memberId);
  }
}

/** Whoever waits in the classic group is to ask again; its deadlines go with it. */
function classicGroupGone({ groupId, members, pendingMembers }: ClassicGroup): GroupChange {
  const answers = [...members.values()].flatMap(({ memberId, waitingJoin, waitingSync }) => [
    ...(waitingJoin === undefined
      ? []
      : [{ ticket: waitingJoin, reply: joinError(memberId, ErrorCode.REBALANCE_IN_PROGRESS) }]),
    ...(waitingSync === undefined ? [] : [{ ticket: waitingSync, reply: syncError(ErrorCode.REBALANCE_IN_PROGRESS) }]),
  ]);
  const keys = [
    deadlineKey('join', groupId),
    deadlineKey('sync', groupId),
    ...[...members.keys()].map((memberId) => deadlineKey('session', groupId, memberId)),
    ...[...pendingMembers].map((memberId) => deadlineKey('pending', groupId, memberId)),
  ];
  const timers = keys.map((key) => ({ key, atMs: undefined }));
  return { type: 'group', groupId, group: undefined, answers, timers };
}
