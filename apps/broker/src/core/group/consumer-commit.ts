import { ErrorCode } from '@ks/protocol';
import type { Instant } from '../../ports/clock.ts';
import type { CommitCommand, FetchOffsetsCommand } from './commands.ts';
import { commit, commitError } from './commit.ts';
import type { ConsumerGroup } from './consumer-group.ts';
import type { ConsumerMember } from './consumer-member.ts';
import type { GroupConfig } from './group-config.ts';
import type { GroupDecision } from './group-shard.ts';

/** A commit to a consumer group (KIP-848): by a member under its epoch, or by anyone while nobody is there. */
export function commitOfConsumerGroup(
  group: ConsumerGroup,
  command: CommitCommand,
  config: GroupConfig,
  now: Instant,
): GroupDecision {
  const { generationId, memberId } = command;
  if (generationId < 0 && group.size === 0) return commit(command, config, now);
  const member = group.member(memberId);
  const refuse = (errorCode: number): GroupDecision => ({ records: [], reply: commitError(command, errorCode) });
  if (member === undefined) return refuse(ErrorCode.UNKNOWN_MEMBER_ID);
  if (member.classic === null && !command.knowsConsumerGroups) return refuse(ErrorCode.UNSUPPORTED_VERSION);
  if (generationId > member.memberEpoch) return refuse(staleEpoch(member));
  if (generationId === member.memberEpoch) return commit(command, config, now);
  return commit(command, config, now, (topicId, partition) =>
    olderEpochFault(member, generationId, topicId, partition),
  );
}

/**
 * A member that has not heard of its newest epoch may still commit what it has had all along (KIP-1251): what was assigned at its
 * older epoch or before, and has not been given up.
 */
function olderEpochFault(member: ConsumerMember, epoch: number, topicId: string, partition: number): number {
  const assignedAt =
    member.assigned.get(topicId)?.get(partition) ?? member.pendingRevocation.get(topicId)?.get(partition);
  return assignedAt !== undefined && epoch >= assignedAt ? ErrorCode.NONE : staleEpoch(member);
}

/** Why a reader may not have the group's offsets; NONE if it may. */
export function fetchFaultOfConsumerGroup(group: ConsumerGroup, command: FetchOffsetsCommand): number {
  const { memberId, memberEpoch } = command;
  if (memberId === null && memberEpoch < 0) return ErrorCode.NONE;
  const member = group.member(memberId ?? '');
  if (member === undefined) return ErrorCode.UNKNOWN_MEMBER_ID;
  return memberEpoch === member.memberEpoch ? ErrorCode.NONE : staleEpoch(member);
}

/** In the words of the protocol that the member speaks. */
function staleEpoch(member: ConsumerMember): number {
  return member.classic === null ? ErrorCode.STALE_MEMBER_EPOCH : ErrorCode.ILLEGAL_GENERATION;
}
