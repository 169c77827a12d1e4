import { ErrorCode } from '@ks/protocol';
import type { Instant } from '../../ports/clock.ts';
import { ConsumerGroupDraft } from './consumer-draft.ts';
import { ConsumerGroup } from './consumer-group.ts';
import { type Fault, fault } from './fault.ts';
import type { GroupView } from './group-shard.ts';
import { upgradeClassicGroup } from './upgrade.ts';

/** The consumer group, to be worked on; made where it is missing and may be, of a classic group if there is one. */
export function openConsumerGroup(
  view: GroupView,
  groupId: string,
  now: Instant,
  mayCreate: boolean,
): ConsumerGroupDraft | Fault {
  const group = view.consumerGroup(groupId);
  if (group !== undefined) return new ConsumerGroupDraft(view, now, group);
  if (!mayCreate) return notFound(groupId);
  const classic = view.group(groupId);
  if (classic === undefined) return new ConsumerGroupDraft(view, now, new ConsumerGroup(groupId));
  return upgradeClassicGroup(view, classic, now);
}

export function notFound(groupId: string): Fault {
  return fault(ErrorCode.GROUP_ID_NOT_FOUND, `Consumer group ${groupId} does not exist`);
}

/** Whether the group has no place for one more (group.consumer.max.size). */
export function groupFull(
  { group, view }: ConsumerGroupDraft,
  memberId: string,
  instanceId: string | null,
): Fault | undefined {
  const { maxSize } = view.config.consumer;
  if (group.size < maxSize || group.member(memberId) !== undefined) return undefined;
  // A static member takes its predecessor's place.
  if (instanceId !== null && group.staticMember(instanceId) !== undefined) return undefined;
  return fault(ErrorCode.GROUP_MAX_SIZE_REACHED, `The group has ${maxSize} members, the most it may have`);
}
