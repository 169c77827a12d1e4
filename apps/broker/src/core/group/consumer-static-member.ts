import type { ConsumerGroupDraft } from './consumer-draft.ts';
import { type ConsumerMember, JOIN_EPOCH } from './consumer-member.ts';

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
