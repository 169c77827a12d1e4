import { ErrorCode } from '@ks/protocol';
import type { Instant } from '../../ports/clock.ts';
import type {
  CommitCommand,
  DeleteCommand,
  DeleteOffsetsCommand,
  DeleteTopicOffsetsCommand,
  ExpireOffsetsCommand,
  FetchOffsetsCommand,
} from './commands.ts';
import { commit, commitError, commitFault, fetchOffsets } from './commit.ts';
import { commitOfConsumerGroup, fetchFaultOfConsumerGroup } from './consumer-commit.ts';
import { expiredOffsets, offsetTombstones } from './expiry.ts';
import { removeGroup } from './group-removal.ts';
import type { GroupDecision, GroupView } from './group-shard.ts';
import { keepAlive } from './keep-alive.ts';
import type { GroupRecord } from './records.ts';
import type { DeleteOffsetsReply, FetchOffsetsReply, GroupReply } from './replies.ts';
import { CONSUMER_PROTOCOL_TYPE } from './consumer-protocol.ts';
import { subscribedTopics } from './subscription.ts';

function replyOnly(reply: GroupReply): GroupDecision {
  return { records: [], reply };
}

function status(errorCode: number): GroupReply {
  return { type: 'status', errorCode };
}

export function decideCommit(view: GroupView, command: CommitCommand, now: Instant): GroupDecision {
  const { groupId, memberId } = command;
  const consumerGroup = view.consumerGroup(groupId);
  if (consumerGroup !== undefined) return commitOfConsumerGroup(consumerGroup, command, view.config, now);
  const errorCode = commitFault(view.group(groupId), command);
  if (errorCode !== ErrorCode.NONE) return replyOnly(commitError(command, errorCode));
  return { ...commit(command, view.config, now), soft: keepAlive(view, groupId, memberId, now) };
}

export function decideFetchOffsets(view: GroupView, command: FetchOffsetsCommand): FetchOffsetsReply {
  const { groupId } = command;
  const consumerGroup = view.consumerGroup(groupId);
  const errorCode = consumerGroup === undefined ? ErrorCode.NONE : fetchFaultOfConsumerGroup(consumerGroup, command);
  if (errorCode !== ErrorCode.NONE) return { type: 'fetch-offsets', errorCode, topics: [] };
  return fetchOffsets(view.offsets(groupId), command, view.image());
}

/** Whether nobody is in the group; undefined where there is none. */
function isEmpty(view: GroupView, groupId: string): boolean | undefined {
  const consumerGroup = view.consumerGroup(groupId);
  if (consumerGroup !== undefined) return consumerGroup.size === 0;
  const group = view.group(groupId);
  return group === undefined ? undefined : group.state === 'Empty';
}

export function decideDelete(view: GroupView, { groupId }: DeleteCommand): GroupDecision {
  const empty = isEmpty(view, groupId);
  if (empty === undefined) return replyOnly(status(ErrorCode.GROUP_ID_NOT_FOUND));
  if (!empty) return replyOnly(status(ErrorCode.NON_EMPTY_GROUP));
  return removeGroup(
    view,
    groupId,
    allTombstones(view, groupId, () => true),
  );
}

/** Tombstones for the offsets of those topics, what open transactions have committed included. */
function allTombstones(
  view: GroupView,
  groupId: string,
  isUnwanted: (topic: string) => boolean,
): readonly GroupRecord[] {
  const offsets = view.offsets(groupId);
  const { records } = offsetTombstones(groupId, offsets, isUnwanted);
  const pending = [...(offsets?.pendingPartitions() ?? [])]
    .filter(({ topic, partitionIndex }) => isUnwanted(topic) && offsets?.get(topic, partitionIndex) === undefined)
    .map(({ topic, partitionIndex }) => ({ type: 'offset', groupId, topic, partitionIndex, value: null }) as const);
  return [...records, ...pending];
}

/** Offsets of topics that the group subscribes to stay (KIP-496). */
export function decideDeleteOffsets(view: GroupView, command: DeleteOffsetsCommand): GroupDecision {
  const { groupId } = command;
  const subscribed = subscribedForDeletion(view, groupId);
  if (typeof subscribed === 'number') return replyOnly({ type: 'delete-offsets', errorCode: subscribed, topics: [] });
  const offsets = view.offsets(groupId);
  const records: GroupRecord[] = [];
  const topics: DeleteOffsetsReply['topics'] = command.topics.map(({ topic, partitionIndexes }) => ({
    topic,
    partitions: partitionIndexes.map((partitionIndex) => {
      if (subscribed.has(topic)) return { partitionIndex, errorCode: ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC };
      const isHeld = offsets?.get(topic, partitionIndex) !== undefined || offsets?.isPending(topic, partitionIndex);
      if (isHeld) records.push({ type: 'offset', groupId, topic, partitionIndex, value: null });
      return { partitionIndex, errorCode: ErrorCode.NONE };
    }),
  }));
  return { records, reply: { type: 'delete-offsets', errorCode: ErrorCode.NONE, topics } };
}

/** The topics whose offsets must stay, or the error of the whole request. */
function subscribedForDeletion(view: GroupView, groupId: string): ReadonlySet<string> | number {
  const consumerGroup = view.consumerGroup(groupId);
  if (consumerGroup !== undefined) return consumerGroup.allSubscribedTopics();
  const group = view.group(groupId);
  if (group === undefined || group.state === 'Dead') return ErrorCode.GROUP_ID_NOT_FOUND;
  if (group.state === 'Empty') return new Set();
  if (group.protocolType !== CONSUMER_PROTOCOL_TYPE) return ErrorCode.NON_EMPTY_GROUP;
  // Whoever cannot be understood may subscribe to anything.
  return subscribedTopics(group) ?? ErrorCode.NON_EMPTY_GROUP;
}

export function decideExpiry(view: GroupView, command: ExpireOffsetsCommand, now: Instant): GroupDecision {
  const { groupId } = command;
  const empty = isEmpty(view, groupId);
  if (empty === undefined) return replyOnly(status(ErrorCode.NONE));
  const offsets = view.offsets(groupId);
  const { records, kept } = expiredOffsets(view, groupId, now);
  const hasPendingMembers = (view.group(groupId)?.pendingMembers.size ?? 0) > 0;
  const isUsed = !empty || hasPendingMembers || kept > 0 || offsets?.hasPending === true;
  if (isUsed) return { records, reply: status(ErrorCode.NONE) };
  return removeGroup(view, groupId, records);
}

export function decideTopicDeletion(view: GroupView, command: DeleteTopicOffsetsCommand): GroupDecision {
  const gone = new Map(command.topics.map(({ topic, topicId }) => [topic, topicId]));
  const records = allTombstones(view, command.groupId, (topic) => gone.has(topic));
  return { records, reply: status(ErrorCode.NONE) };
}
