import { ErrorCode } from '@ks/protocol';
import { beforeEach, describe, expect, test } from 'vitest';
import type { CommitCommand } from './commands.ts';
import { defaultGroupConfig } from './group-config.ts';
import { ShardHarness } from './shard-harness.test-support.ts';
import { consumerSubscription, topicIdOf } from './topic-fixtures.test-support.ts';

const consumer = { ...defaultGroupConfig.consumer, assignmentIntervalMs: 0 };
let harness: ShardHarness;

beforeEach(() => {
  harness = new ShardHarness({ consumer, offsetsRetentionMs: 100_000 });
  harness.setTopics({ t: 2, u: 1 });
});

/** Error codes of a commit to these partitions of `t`. */
function commit(memberId: string, epoch: number, partitions: readonly number[], fields: Partial<CommitCommand> = {}) {
  const asked = partitions.map((partitionIndex) => ({ partitionIndex, offset: 5, leaderEpoch: 0, metadata: '' }));
  const topics = [{ topic: 't', topicId: topicIdOf('t'), partitions: asked }];
  const ticket = harness.commitOffset(memberId, epoch, 0, { topics, ...fields });
  return harness.reply(ticket, 'commit').topics[0]?.partitions.map(({ errorCode }) => errorCode);
}

function fetchError(memberId: string | null, memberEpoch: number): number {
  const topics = [{ topic: 't', partitionIndexes: [0] }];
  const ticket = harness.send({
    type: 'fetch-offsets',
    groupId: 'g',
    memberId,
    memberEpoch,
    requireStable: false,
    topics,
  });
  return harness.reply(ticket, 'fetch-offsets').errorCode;
}

function deleteOffsets(...topics: readonly string[]) {
  const asked = topics.map((topic) => ({ topic, partitionIndexes: [0] }));
  const reply = harness.reply(harness.send({ type: 'delete-offsets', groupId: 'g', topics: asked }), 'delete-offsets');
  return reply.errorCode !== 0 ? reply.errorCode : reply.topics.map(({ partitions }) => partitions[0]?.errorCode);
}

describe('a commit to a consumer group', () => {
  test('counts under the member’s epoch', () => {
    harness.joinConsumer('a', ['t']);
    expect(commit('a', 2, [0, 1])).toEqual([0, 0]);
    expect(harness.fetchOffset()).toMatchObject({ committedOffset: 5 });
    expect(commit('a', 3, [0])).toEqual([ErrorCode.STALE_MEMBER_EPOCH]);
    expect(commit('b', 2, [0])).toEqual([ErrorCode.UNKNOWN_MEMBER_ID]);
    expect(commit('a', 2, [0], { knowsConsumerGroups: false })).toEqual([ErrorCode.UNSUPPORTED_VERSION]);
    expect(commit('', -1, [0])).toEqual([ErrorCode.UNKNOWN_MEMBER_ID]);
  });

  test('counts under an older epoch for what the member has had since then (KIP-1251)', () => {
    harness.joinConsumer('a', ['t']);
    harness.joinConsumer('b', ['t']);
    harness.beat('a', 2);
    // Partition 1 is to be given up and still its own; both were assigned at epoch 2.
    expect(commit('a', 2, [0, 1])).toEqual([0, 0]);
    harness.beat('a', 2, { topicPartitions: new Map([[topicIdOf('t'), new Set([0])]]) });
    harness.beat('b', 3);
    expect(commit('a', 2, [0, 1])).toEqual([0, ErrorCode.STALE_MEMBER_EPOCH]);
    expect(commit('b', 2, [1])).toEqual([ErrorCode.STALE_MEMBER_EPOCH]);
    expect(commit('b', 3, [1])).toEqual([0]);
  });

  test('of no member counts while nobody is there', () => {
    harness.joinConsumer('a', ['t']);
    harness.beat('a', -1);
    expect(commit('', -1, [0])).toEqual([0]);
  });

  test('of a classic member is refused in the classic protocol’s words', () => {
    harness.joinConsumer('a', ['t']);
    const protocols = [{ name: 'range', metadata: consumerSubscription(['t']) }];
    const { memberId, generationId } = harness.reply(harness.join('', { protocols }), 'join');
    expect(commit(memberId, generationId, [0], { knowsConsumerGroups: false })).toEqual([0]);
    expect(commit(memberId, generationId - 1, [0])).toEqual([ErrorCode.ILLEGAL_GENERATION]);
    expect(commit(memberId, generationId + 1, [0])).toEqual([ErrorCode.ILLEGAL_GENERATION]);
  });
});

test('offsets are read by anyone, and by a member under its epoch', () => {
  harness.joinConsumer('a', ['t']);
  expect(fetchError(null, -1)).toBe(0);
  expect(fetchError('a', 2)).toBe(0);
  expect(fetchError('a', 1)).toBe(ErrorCode.STALE_MEMBER_EPOCH);
  expect(fetchError('b', 1)).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
});

describe('deleting offsets', () => {
  test('spares topics that the consumer group subscribes to', () => {
    harness.joinConsumer('a', ['t']);
    commit('a', 2, [0]);
    expect(deleteOffsets('t', 'u')).toEqual([ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC, 0]);
    harness.beat('a', 2, { subscribedTopicNames: ['u'] });
    expect(deleteOffsets('t')).toEqual([0]);
    expect(harness.fetchOffset().committedOffset).toBe(-1);
  });

  test('spares topics that a stable classic group of consumers subscribes to; others’ groups must be empty', () => {
    expect(deleteOffsets('t')).toBe(ErrorCode.GROUP_ID_NOT_FOUND);
    const protocols = [{ name: 'range', metadata: consumerSubscription(['t']) }];
    const [memberId = ''] = harness.stableGroup(1, { protocols });
    expect(deleteOffsets('t', 'u')).toEqual([ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC, 0]);
    harness.leave(memberId);
    expect(deleteOffsets('t')).toEqual([0]);
    const connect = new ShardHarness();
    connect.stableGroup(1, { protocolType: 'connect' });
    const ticket = connect.send({ type: 'delete-offsets', groupId: 'g', topics: [] });
    expect(connect.reply(ticket, 'delete-offsets').errorCode).toBe(ErrorCode.NON_EMPTY_GROUP);
  });
});

describe('a consumer group', () => {
  const expire = () => harness.send({ type: 'expire-offsets', groupId: 'g' });

  test('loses offsets of topics it has left, by the time of the commit, and goes with its last one', () => {
    harness.joinConsumer('a', ['t']);
    commit('a', 2, [0]);
    for (let beats = 0; beats < 4; beats++) {
      harness.advance(30_000);
      harness.beat('a', 2);
    }
    expire();
    expect(harness.fetchOffset().committedOffset).toBe(5);
    harness.beat('a', -1);
    expire();
    expect(harness.shard.durableSnapshot()).toEqual({ groups: [], consumerGroups: [], offsets: [] });
    expect(harness.replayed().durableSnapshot()).toEqual(harness.shard.durableSnapshot());
  });

  test('is deleted with its offsets when it is empty', () => {
    const remove = () => harness.reply(harness.send({ type: 'delete', groupId: 'g' }), 'status').errorCode;
    harness.joinConsumer('a', ['t'], { subscribedTopicRegex: 'x.*' });
    commit('a', 2, [0]);
    expect(remove()).toBe(ErrorCode.NON_EMPTY_GROUP);
    harness.beat('a', -1);
    expect(remove()).toBe(0);
    expect(harness.replayed().durableSnapshot()).toEqual({ groups: [], consumerGroups: [], offsets: [] });
    expect(remove()).toBe(ErrorCode.GROUP_ID_NOT_FOUND);
  });

  test('is listed as what it is', () => {
    harness.joinConsumer('a', ['t']);
    const { groups } = harness.reply(harness.send({ type: 'list' }), 'list');
    expect(groups).toEqual([{ groupId: 'g', protocolType: 'consumer', groupType: 'consumer', state: 'Stable' }]);
  });
});
