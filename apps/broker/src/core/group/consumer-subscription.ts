import type { ConsumerGroupDraft } from './consumer-draft.ts';
import type { ConsumerMember, MemberMetadata } from './consumer-member.ts';
import type { Fault } from './fault.ts';
import { updateRegexes } from './consumer-regexes.ts';
import { preferredAssignor } from './target-assignment.ts';

/**
 * Notes what a member says (`next`, where it said `member` before) and moves the group's epoch on where assignments depend on it:
 * subscriptions, the preferred assignor, or the topics themselves. Without `mayDescribe` no regular expression is looked up.
 */
export function noteSubscription(
  draft: ConsumerGroupDraft,
  member: ConsumerMember,
  next: ConsumerMember,
  mayDescribe: ((topic: string) => boolean) | undefined,
): Fault | undefined {
  const { group, view } = draft;
  const fallback = view.config.consumer.assignors[0] ?? '';
  const isNew = group.member(next.memberId) === undefined;
  const isChanged = isNew || !sameMetadata(member, next);
  const mayChangeAssignor = isNew || member.serverAssignor !== next.serverAssignor;
  const assignorBefore = mayChangeAssignor ? preferredAssignor(group, fallback) : undefined;
  if (isChanged) draft.writeMetadata(next);
  const regexes = updateRegexes(draft, isNew ? '' : member.subscribedTopicRegex, next, mayDescribe);
  if ('fault' in regexes) return regexes.fault;
  const isBumped =
    !sameNames(member.subscribedTopicNames, next.subscribedTopicNames) ||
    regexes.isChanged ||
    (mayChangeAssignor && preferredAssignor(group, fallback) !== assignorBefore);
  bumpEpoch(draft, isBumped);
  return undefined;
}

/** Moves the group's epoch on, in any case or where the topics have changed. */
export function bumpEpoch(draft: ConsumerGroupDraft, inAnyCase: boolean): void {
  const { group, groupId, view } = draft;
  const image = view.image();
  if (!inAnyCase && view.haveTopicsBeenChecked(groupId)) return;
  draft.soft.push({ type: 'topics-checked', groupId, revision: image.revision });
  const metadataHash = view.topicHashes.of(group.allSubscribedTopics(), image);
  if (!inAnyCase && metadataHash === group.metadataHash) return;
  draft.write({ type: 'consumer-group', groupId, value: { groupEpoch: group.groupEpoch + 1, metadataHash } });
}

function sameMetadata(a: MemberMetadata, b: MemberMetadata): boolean {
  return (
    a.instanceId === b.instanceId &&
    a.rackId === b.rackId &&
    a.clientId === b.clientId &&
    a.clientHost === b.clientHost &&
    a.rebalanceTimeoutMs === b.rebalanceTimeoutMs &&
    a.subscribedTopicRegex === b.subscribedTopicRegex &&
    a.serverAssignor === b.serverAssignor &&
    a.classic === b.classic &&
    sameNames(a.subscribedTopicNames, b.subscribedTopicNames)
  );
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}
