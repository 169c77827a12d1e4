import type { Instant } from '../../ports/clock.ts';
import type { ClusterImage } from '../metadata/image.ts';
import {
  type ClassicGroup,
  emptyGroup,
  type Member,
  metadataBytesOf,
  metadataOf,
  selectProtocol,
} from './classic-group.ts';
import type { ConsumerGroupDraft } from './consumer-draft.ts';
import type { ConsumerGroup } from './consumer-group.ts';
import type { ConsumerMember } from './consumer-member.ts';
import { assignmentBytes, CONSUMER_PROTOCOL_TYPE, subscriptionOf } from './consumer-protocol.ts';
import { consumerDeadlineKeys } from './deadlines.ts';
import { GroupDraft } from './group-draft.ts';
import { consumerGroupTombstones } from './group-removal.ts';
import type { GroupDecision, GroupView } from './group-shard.ts';
import { prepareRebalance } from './rebalance.ts';
import { type GroupReply, NO_BYTES } from './replies.ts';
import { type AssignedPartitions, NOTHING_ASSIGNED, union } from './topic-partitions.ts';

/** Whether only members of the classic protocol are left, and may be a classic group again (group.consumer.migration.policy). */
export function mayDowngrade(view: GroupView, group: ConsumerGroup): boolean {
  const { migrationPolicy } = view.config.consumer;
  if (migrationPolicy !== 'downgrade' && migrationPolicy !== 'bidirectional') return false;
  if (group.size === 0 || group.size > view.config.maxSize) return false;
  for (const { classic } of group.members()) if (classic === null) return false;
  return true;
}

/**
 * Makes a classic group of the draft's, whose members all speak the classic protocol, in the generation that its epoch is. `before` is
 * the group as the log has it. Unless everyone has what it is to have (`isSettled`), the members rebalance among themselves.
 */
export function downgradeToClassic(
  { view, now, group, groupId }: ConsumerGroupDraft,
  before: ConsumerGroup,
  reply: GroupReply,
  isSettled: boolean,
): GroupDecision {
  const classic = new GroupDraft(classicGroupOf(group, view.image(), now), view.config, now);
  classic.write();
  for (const { memberId, sessionTimeoutMs } of classic.members.values()) {
    classic.arm('session', sessionTimeoutMs, memberId);
  }
  if (!isSettled) prepareRebalance(classic);
  const memberIds = new Set([...before.members(), ...group.members()].map(({ memberId }) => memberId));
  const disarmed = [...memberIds].flatMap((memberId) => consumerDeadlineKeys(groupId, memberId));
  return {
    records: [...consumerGroupTombstones(before), ...classic.records],
    reply,
    soft: [{ type: 'deadlines', timers: disarmed.map((key) => ({ key, atMs: undefined })) }, classic.change()],
  };
}

function classicGroupOf(group: ConsumerGroup, image: ClusterImage, now: Instant): ClassicGroup {
  const members = new Map<string, Member>();
  for (const member of group.members()) members.set(member.memberId, classicMember(member));
  const unassigned: ClassicGroup = {
    ...emptyGroup(group.groupId),
    state: 'Stable',
    generationId: group.groupEpoch,
    protocolType: CONSUMER_PROTOCOL_TYPE,
    members,
    currentStateTimestamp: now.wallMs,
    metadataBytes: [...members.values()].reduce((sum, { protocols }) => sum + metadataBytesOf(protocols), 0),
  };
  const protocolName = selectProtocol(unassigned);
  for (const member of members.values()) {
    const version = subscriptionOf(metadataOf(member, protocolName))?.version ?? 0;
    const assignment = assignmentBytes(heldBy(group, member.memberId), image, version);
    members.set(member.memberId, { ...member, assignment });
  }
  return { ...unassigned, protocolName };
}

/**
 * What the member may be at work on. Where that is not its target it rebalances, and is told its share by the next leader; until then
 * nobody else may have it, even if the group becomes a consumer group again.
 */
function heldBy(group: ConsumerGroup, memberId: string): AssignedPartitions {
  const member = group.member(memberId);
  return member === undefined ? NOTHING_ASSIGNED : union(member.assigned, member.pendingRevocation);
}

function classicMember(member: ConsumerMember): Member {
  const { memberId, instanceId, clientId, clientHost, rebalanceTimeoutMs, classic } = member;
  return {
    memberId,
    groupInstanceId: instanceId,
    clientId,
    clientHost,
    sessionTimeoutMs: classic?.sessionTimeoutMs ?? 0,
    rebalanceTimeoutMs,
    protocols: classic?.protocols ?? [],
    assignment: NO_BYTES,
    isNew: false,
    waitingJoin: undefined,
    waitingSync: undefined,
  };
}
