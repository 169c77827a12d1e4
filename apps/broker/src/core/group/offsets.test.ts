import { ErrorCode } from '@ks/protocol';
import { describe, expect, test } from 'vitest';
import { ShardHarness } from './shard-harness.test-support.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);
const state = (harness: ShardHarness) => harness.shard.group('g')?.state;

describe('offsets', () => {
  test('are those committed last', () => {
    const harness = new ShardHarness();
    const [leader = ''] = harness.stableGroup(1);
    harness.commitOffset(leader, 1, 5);
    harness.commitOffset(leader, 1, 9);
    expect(harness.fetchOffset()).toEqual({ committedOffset: 9, errorCode: 0 });
  });

  test('are -1 without an error where nothing is committed', () => {
    expect(new ShardHarness().fetchOffset()).toEqual({ committedOffset: -1, errorCode: 0 });
  });

  test.each([
    ['a wrong generation', 'member', 7, {}, ErrorCode.ILLEGAL_GENERATION],
    ['a stranger', 'x', 1, {}, ErrorCode.UNKNOWN_MEMBER_ID],
    ['no membership while the group has members', '', -1, {}, ErrorCode.UNKNOWN_MEMBER_ID],
  ])('are refused from %s', (_who, memberId, generationId, fields, errorCode) => {
    const harness = new ShardHarness();
    const [leader = ''] = harness.stableGroup(1);
    const ticket = harness.commitOffset(memberId === 'member' ? leader : memberId, generationId, 1, fields);
    expect(harness.reply(ticket, 'commit').topics[0]?.partitions[0]?.errorCode).toBe(errorCode);
    expect(harness.fetchOffset().committedOffset).toBe(-1);
  });

  test('of an absent group need no membership, and none can be claimed', () => {
    const harness = new ShardHarness();
    const errorOf = (ticket: number) => harness.reply(ticket, 'commit').topics[0]?.partitions[0]?.errorCode;
    expect(errorOf(harness.commitOffset('m', 1, 5))).toBe(ErrorCode.GROUP_ID_NOT_FOUND);
    expect(errorOf(harness.commitOffset('m', 1, 5, { knowsConsumerGroups: false }))).toBe(ErrorCode.ILLEGAL_GENERATION);
    expect(errorOf(harness.commitOffset('', -1, 5))).toBe(0);
    expect(harness.fetchOffset().committedOffset).toBe(5);
    expect(state(harness)).toBe('Empty');
  });

  test('may be committed by the old owners while a rebalance begins, not while assignments are open', () => {
    const harness = new ShardHarness();
    const [leader = ''] = harness.stableGroup(1);
    harness.join('');
    const errorOf = (ticket: number) => harness.reply(ticket, 'commit').topics[0]?.partitions[0]?.errorCode;
    expect(errorOf(harness.commitOffset(leader, 1, 5))).toBe(0);
    harness.join(leader);
    expect(errorOf(harness.commitOffset(leader, 2, 6))).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
  });

  test('with too much metadata are refused one by one', () => {
    const harness = new ShardHarness({ offsetMetadataMaxBytes: 3 });
    const partition = { offset: 1, leaderEpoch: -1 };
    const topics = [
      {
        topic: 't',
        topicId: 'AAAAAAAAAAAAAAAAAAAAAA',
        partitions: [
          { ...partition, partitionIndex: 0, metadata: 'long' },
          { ...partition, partitionIndex: 1, metadata: 'ok' },
        ],
      },
    ];
    const reply = harness.reply(harness.commitOffset('', -1, 0, { topics }), 'commit');
    expect(reply.topics[0]?.partitions.map((each) => each.errorCode)).toEqual([ErrorCode.OFFSET_METADATA_TOO_LARGE, 0]);
  });

  test('in an open transaction are unstable, and count once it commits', () => {
    const harness = new ShardHarness();
    const value = {
      offset: 7,
      leaderEpoch: -1,
      metadata: '',
      commitTimestamp: 0,
      expireTimestamp: -1,
      topicId: 'AAAAAAAAAAAAAAAAAAAAAA',
    };
    const record = { type: 'offset' as const, groupId: 'g', topic: 't', partitionIndex: 0, value };
    harness.shard.apply(record, { offset: 0, timestamp: 0, transactional: true, producerId: 4, producerEpoch: 0 });
    expect(harness.fetchOffset(true).errorCode).toBe(ErrorCode.UNSTABLE_OFFSET_COMMIT);
    expect(harness.fetchOffset(false)).toEqual({ committedOffset: -1, errorCode: 0 });
    harness.shard.applyMarker(4, 0, true);
    expect(harness.fetchOffset(true)).toEqual({ committedOffset: 7, errorCode: 0 });
    harness.shard.apply(
      { ...record, value: { ...value, offset: 8 } },
      { offset: 2, timestamp: 0, transactional: true, producerId: 4, producerEpoch: 0 },
    );
    harness.shard.applyMarker(4, 0, false);
    expect(harness.fetchOffset(true)).toEqual({ committedOffset: 7, errorCode: 0 });
  });

  test('expire after the retention of an empty group, and the group with them', () => {
    const harness = new ShardHarness({ offsetsRetentionMs: 1000 });
    const [only = ''] = harness.stableGroup(1);
    harness.commitOffset(only, 1, 5);
    const expire = () => harness.send({ type: 'expire-offsets', groupId: 'g' });
    harness.advance(2000);
    expire();
    expect(harness.fetchOffset().committedOffset).toBe(5);
    harness.leave(only);
    harness.advance(999);
    expire();
    expect(harness.fetchOffset().committedOffset).toBe(5);
    harness.advance(1);
    expire();
    expect(harness.fetchOffset().committedOffset).toBe(-1);
    expect(state(harness)).toBeUndefined();
    expect(harness.replayed().durableSnapshot()).toEqual({ groups: [], consumerGroups: [], offsets: [] });
  });

  test('with a retention of their own expire by it', () => {
    const harness = new ShardHarness();
    harness.commitOffset('', -1, 5, { retentionTimeMs: 50 });
    harness.advance(50);
    harness.send({ type: 'expire-offsets', groupId: 'g' });
    expect(harness.fetchOffset().committedOffset).toBe(-1);
  });

  test('of a topic that a stable group of consumers no longer reads expire', () => {
    const harness = new ShardHarness({ offsetsRetentionMs: 1000 });
    // ConsumerProtocolSubscription v0: topic `u`.
    const metadata = bytes(0, 0, 0, 0, 0, 1, 0, 1, 117, 255, 255, 255, 255);
    const [only = ''] = harness.stableGroup(1, { protocols: [{ name: 'range', metadata }] });
    harness.commitOffset(only, 1, 5);
    harness.advance(1000);
    harness.send({ type: 'expire-offsets', groupId: 'g' });
    expect(harness.fetchOffset().committedOffset).toBe(-1);
    expect(state(harness)).toBe('Stable');
  });

  test('of a deleted topic are not those of its namesake', () => {
    const harness = new ShardHarness();
    harness.setTopics({ t: 1 });
    const { topicId = '' } = harness.image.topicsByName.get('t') ?? {};
    const topics = (id: string) => [
      { topic: 't', topicId: id, partitions: [{ partitionIndex: 0, offset: 5, leaderEpoch: -1, metadata: '' }] },
    ];
    harness.commitOffset('', -1, 5, { topics: topics('AAAAAAAAAAAAAAAAAAAAAQ') });
    expect(harness.fetchOffset().committedOffset).toBe(-1);
    harness.commitOffset('', -1, 5, { topics: topics(topicId) });
    expect(harness.fetchOffset().committedOffset).toBe(5);
  });

  test('of a deleted topic go', () => {
    const harness = new ShardHarness();
    harness.commitOffset('', -1, 5);
    const topics = [{ topic: 't', topicId: 'x' }];
    harness.send({ type: 'delete-topic-offsets', groupId: 'g', topics });
    expect(harness.fetchOffset().committedOffset).toBe(-1);
  });
});
