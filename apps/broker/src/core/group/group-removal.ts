import { ErrorCode } from '@ks/protocol';
import type { ConsumerGroup } from './consumer-group.ts';
import { deadlineKey } from './deadlines.ts';
import type { GroupDecision, GroupSoftChange, GroupView } from './group-shard.ts';
import type { GroupRecord } from './records.ts';

/** Removes a group that is empty, whichever its kind, with the given tombstones of its offsets. */
export function removeGroup(view: GroupView, groupId: string, tombstones: readonly GroupRecord[]): GroupDecision {
  const records = [...tombstones];
  if (view.isDurable(groupId)) records.push({ type: 'group', groupId, value: null });
  const consumerGroup = view.consumerGroup(groupId);
  if (consumerGroup !== undefined) records.push(...consumerGroupTombstones(consumerGroup));
  const timers = [...(view.group(groupId)?.pendingMembers ?? [])].map((memberId) => ({
    key: deadlineKey('pending', groupId, memberId),
    atMs: undefined,
  }));
  const gone: GroupSoftChange = { type: 'group', groupId, group: undefined, answers: [], timers };
  return { records, reply: { type: 'status', errorCode: ErrorCode.NONE }, soft: [gone] };
}

/** Tombstones for every record that a consumer group is made of; the group's own is the last. */
export function consumerGroupTombstones(group: ConsumerGroup): readonly GroupRecord[] {
  const { groupId } = group;
  const memberIds = [...group.members()].map(({ memberId }) => memberId);
  const of = <Type extends string>(type: Type) =>
    memberIds.map((memberId) => ({ type, groupId, memberId, value: null }));
  return [
    ...of('current-assignment'),
    ...[...group.targetMemberIds()].map(
      (memberId) => ({ type: 'target-member', groupId, memberId, value: null }) as const,
    ),
    { type: 'target-metadata', groupId, value: null },
    ...of('consumer-member'),
    ...[...group.regexes()].map(([regex]) => ({ type: 'regex', groupId, regex, value: null }) as const),
    { type: 'consumer-group', groupId, value: null },
  ];
}
