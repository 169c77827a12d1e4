import { ErrorCode } from '@ks/protocol';
import type { Instant } from '../../ports/clock.ts';
import type { ClassicGroup } from './classic-group.ts';
import type { TransactionalCommitCommand } from './commands.ts';
import { commit, commitError } from './commit.ts';
import type { ConsumerGroup } from './consumer-group.ts';
import type { GroupDecision, GroupView } from './group-shard.ts';
import { generationFault } from './membership.ts';

/** A commit that counts only when its producer's transaction commits (TxnOffsetCommit). Nobody's session is kept alive by it. */
export function transactionalCommit(view: GroupView, command: TransactionalCommitCommand, now: Instant): GroupDecision {
  const { groupId, producer } = command;
  const consumerGroup = view.consumerGroup(groupId);
  const errorCode =
    consumerGroup === undefined
      ? classicGroupFault(view.group(groupId), command)
      : consumerGroupFault(consumerGroup, command);
  if (errorCode !== ErrorCode.NONE) return { records: [], reply: commitError(command, errorCode) };
  // Such a commit never says how long it is to be kept.
  return { ...commit({ ...command, retentionTimeMs: -1 }, view.config, now), producer };
}

/** Before KIP-447 a producer does not say on whose behalf it commits: what it says is checked, if it says anything. */
function claimsMembership({ generationId, memberId, groupInstanceId }: TransactionalCommitCommand): boolean {
  return generationId >= 0 || memberId !== '' || groupInstanceId !== null;
}

/** A rebalance under way does not stop it: the generation fences old owners. */
function classicGroupFault(group: ClassicGroup | undefined, command: TransactionalCommitCommand): number {
  if (group === undefined) return command.generationId < 0 ? ErrorCode.NONE : ErrorCode.ILLEGAL_GENERATION;
  if (group.state === 'Dead') return ErrorCode.COORDINATOR_NOT_AVAILABLE;
  if (command.generationId < 0 && group.state === 'Empty') return ErrorCode.NONE;
  return claimsMembership(command) ? generationFault(group, command) : ErrorCode.NONE;
}

function consumerGroupFault(group: ConsumerGroup, command: TransactionalCommitCommand): number {
  if (command.generationId < 0 && group.size === 0) return ErrorCode.NONE;
  if (!claimsMembership(command)) return ErrorCode.NONE;
  const member = group.member(command.memberId);
  if (member === undefined) return ErrorCode.UNKNOWN_MEMBER_ID;
  // Producers do not know STALE_MEMBER_EPOCH.
  return command.generationId === member.memberEpoch ? ErrorCode.NONE : ErrorCode.ILLEGAL_GENERATION;
}
