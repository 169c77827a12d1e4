import { ErrorCode } from '@ks/protocol';
import type { ConsumerGroupDraft } from './consumer-draft.ts';
import { type ConsumerMember, JOIN_EPOCH } from './consumer-member.ts';
import { type Fault, fault } from './fault.ts';

/** A static member comes back under another member id: it takes over what its predecessor had and was to have. */
export function replaceStaticMember(
  draft: ConsumerGroupDraft,
  predecessor: ConsumerMember,
  memberId: string,
): ConsumerMember {
  const { group, groupId } = draft;
  const target = group.target(predecessor.memberId);
  const member = { ...predecessor, memberId, memberEpoch: JOIN_EPOCH, previousMemberEpoch: JOIN_EPOCH };
  draft.removeMember(predecessor.memberId);
  draft.writeMetadata(member);
  draft.write({ type: 'target-member', groupId, memberId, value: target });
  draft.writeAssignment(member);
  return member;
}

/** Why a member may not speak under an instance id; undefined if it may. */
export function instanceFault(
  member: ConsumerMember | undefined,
  instanceId: string,
  memberId: string,
): Fault | undefined {
  if (member === undefined) return fault(ErrorCode.UNKNOWN_MEMBER_ID, `Nobody has instance id ${instanceId}`);
  if (member.memberId === memberId) return undefined;
  return fault(ErrorCode.FENCED_INSTANCE_ID, `Instance id ${instanceId} belongs to member ${member.memberId} by now`);
}
