import { ErrorCode } from '@ks/protocol';
import type { Instant } from '../../ports/clock.ts';
import type { PARKED, Ticket } from '../replicated-state.ts';
import { emptyGroup } from './classic-group.ts';
import { classicHeartbeat, classicLeave, classicSync } from './classic-in-consumer.ts';
import { joinConsumerGroup } from './classic-join-consumer.ts';
import type {
  ConsumerTimeoutCommand,
  GroupCommand,
  HeartbeatCommand,
  JoinCommand,
  LeaveCommand,
  SyncCommand,
  TimeoutCommand,
} from './commands.ts';
import { describeConsumerGroup, listedConsumerGroup } from './consumer-describe.ts';
import { consumerHeartbeat } from './consumer-heartbeat.ts';
import { consumerExpired } from './consumer-leave.ts';
import { describe, listed } from './describe.ts';
import { GroupDraft } from './group-draft.ts';
import type { GroupDecision, GroupView } from './group-shard.ts';
import { consumerGroupTombstones } from './group-removal.ts';
import { heartbeat } from './heartbeat.ts';
import { join, joinFault } from './join.ts';
import { keepAlive } from './keep-alive.ts';
import { leave, leaveAbsentGroup, pendingExpired, sessionExpired } from './leave.ts';
import {
  decideCommit,
  decideDelete,
  decideDeleteOffsets,
  decideExpiry,
  decideFetchOffsets,
  decideTopicDeletion,
} from './offset-decisions.ts';
import { joinDeadlinePassed, syncDeadlinePassed } from './rebalance.ts';
import { type GroupReply, joinError, type ListedGroup, type StatusReply, syncError } from './replies.ts';
import { sync } from './sync.ts';
import { transactionalCommit } from './transactional-commit.ts';

/** What a command to the groups of one shard comes to. */
export function decideGroupCommand(
  view: GroupView,
  command: GroupCommand,
  now: Instant,
  ticket: Ticket,
): GroupDecision {
  switch (command.type) {
    case 'join':
      return decideJoin(view, command, now, ticket);
    case 'sync':
      return decideSync(view, command, now, ticket);
    case 'heartbeat':
      return decideHeartbeat(view, command, now);
    case 'leave':
      return decideLeave(view, command, now);
    case 'commit':
      return decideCommit(view, command, now);
    case 'transactional-commit':
      return transactionalCommit(view, command, now);
    case 'fetch-offsets':
      return replyOnly(decideFetchOffsets(view, command));
    case 'consumer-heartbeat':
      return consumerHeartbeat(view, command, now);
    case 'consumer-describe':
      return replyOnly(describeConsumerGroup(view, command.groupId));
    case 'consumer-expired':
      return consumerExpired(view, command, now);
    case 'describe':
      return replyOnly(describe(command.groupId, view.group(command.groupId)));
    case 'list':
      return replyOnly({ type: 'list', errorCode: ErrorCode.NONE, groups: listGroups(view) });
    case 'delete':
      return decideDelete(view, command);
    case 'delete-offsets':
      return decideDeleteOffsets(view, command);
    case 'expire-offsets':
      return decideExpiry(view, command, now);
    case 'delete-topic-offsets':
      return decideTopicDeletion(view, command);
    default:
      return decideTimeout(view, command, now);
  }
}

function replyOnly(reply: GroupReply): GroupDecision {
  return { records: [], reply };
}

function status(errorCode: number): StatusReply {
  return { type: 'status', errorCode };
}

function drafted(draft: GroupDraft, reply: GroupReply | typeof PARKED): GroupDecision {
  return { records: draft.records, reply, soft: [draft.change()] };
}

function decideJoin(view: GroupView, command: JoinCommand, now: Instant, ticket: Ticket): GroupDecision {
  const { groupId, memberId } = command;
  const errorCode = joinFault(command, view.config);
  if (errorCode !== ErrorCode.NONE) return replyOnly(joinError(memberId, errorCode));
  const consumerGroup = view.consumerGroup(groupId);
  if (consumerGroup !== undefined && consumerGroup.size > 0)
    return joinConsumerGroup(view, consumerGroup, command, now);
  const group = view.group(groupId);
  if (group === undefined && memberId !== '') return replyOnly(joinError(memberId, ErrorCode.UNKNOWN_MEMBER_ID));
  const draft = new GroupDraft(group ?? emptyGroup(groupId), view.config, now);
  const decision = drafted(draft, join(draft, command, ticket));
  if (consumerGroup === undefined) return decision;
  // An empty consumer group gives way; its offsets stay.
  return { ...decision, records: [...consumerGroupTombstones(consumerGroup), ...decision.records] };
}

function decideSync(view: GroupView, command: SyncCommand, now: Instant, ticket: Ticket): GroupDecision {
  const { groupId, generationId } = command;
  const consumerGroup = view.consumerGroup(groupId);
  if (consumerGroup !== undefined) return classicSync(view, consumerGroup, command, now);
  const group = view.group(groupId);
  if (group === undefined) return replyOnly(syncError(ErrorCode.UNKNOWN_MEMBER_ID));
  const draft = new GroupDraft(group, view.config, now);
  const { reply, assignments } = sync(draft, command, ticket);
  const decision = drafted(draft, reply);
  if (assignments === undefined) return decision;
  const outcome = { groupId, generationId, assignments };
  return {
    ...decision,
    whenCommitted: [{ type: 'assigned', ...outcome }],
    whenFailed: [{ type: 'assignment-failed', ...outcome }],
  };
}

function decideHeartbeat(view: GroupView, command: HeartbeatCommand, now: Instant): GroupDecision {
  const { groupId, memberId } = command;
  const consumerGroup = view.consumerGroup(groupId);
  if (consumerGroup !== undefined) return classicHeartbeat(view, consumerGroup, command, now);
  const { errorCode, alive } = heartbeat(view.group(groupId), command);
  const reply = status(errorCode);
  return alive ? { records: [], reply, soft: keepAlive(view, groupId, memberId, now) } : replyOnly(reply);
}

function decideLeave(view: GroupView, command: LeaveCommand, now: Instant): GroupDecision {
  const consumerGroup = view.consumerGroup(command.groupId);
  if (consumerGroup !== undefined) return classicLeave(view, consumerGroup, command, now);
  const group = view.group(command.groupId);
  if (group === undefined) return replyOnly(leaveAbsentGroup(command));
  const draft = new GroupDraft(group, view.config, now);
  return drafted(draft, leave(draft, command));
}

function listGroups(view: GroupView): readonly ListedGroup[] {
  return [...[...view.groups()].map(listed), ...[...view.consumerGroups()].map(listedConsumerGroup)];
}

function decideTimeout(
  view: GroupView,
  command: Exclude<TimeoutCommand, ConsumerTimeoutCommand>,
  now: Instant,
): GroupDecision {
  const group = view.group(command.groupId);
  // A deadline may have moved on since its timer went off.
  if (group === undefined || !view.isDue(command.key, now)) return replyOnly(status(ErrorCode.NONE));
  const draft = new GroupDraft(group, view.config, now);
  // It is over; a rule may set it again.
  draft.clear(command.key);
  switch (command.type) {
    case 'session-expired':
      sessionExpired(draft, command.memberId);
      break;
    case 'pending-expired':
      pendingExpired(draft, command.memberId);
      break;
    case 'join-expired':
      joinDeadlinePassed(draft);
      break;
    case 'sync-expired':
      syncDeadlinePassed(draft);
      break;
    default:
      command satisfies never;
  }
  return drafted(draft, status(ErrorCode.NONE));
}
