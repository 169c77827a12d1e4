import { ErrorCode } from '@ks/protocol';
import { describe, expect, test } from 'vitest';
import { ShardHarness } from './shard-harness.test-support.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);
const state = (harness: ShardHarness) => harness.shard.group('g')?.state;

describe('first joins', () => {
  test('a first join with JoinGroup v4+ only gets a member id and must come back with it', () => {
    const harness = new ShardHarness();
    const refused = harness.reply(harness.join('', { requireKnownMemberId: true }), 'join');
    expect(refused.errorCode).toBe(ErrorCode.MEMBER_ID_REQUIRED);
    expect(refused.memberId).not.toBe('');
    const ticket = harness.join(refused.memberId, { requireKnownMemberId: true });
    harness.advance(3000);
    expect(harness.reply(ticket, 'join')).toMatchObject({ errorCode: 0, generationId: 1, leader: refused.memberId });
  });

  test('a handed-out id that nobody comes back with is forgotten with its group', () => {
    const harness = new ShardHarness();
    const { memberId } = harness.reply(harness.join('', { requireKnownMemberId: true }), 'join');
    harness.advance(10_000);
    expect(state(harness)).toBeUndefined();
    expect(harness.reply(harness.join(memberId), 'join').errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    expect(harness.timers.size).toBe(0);
  });

  test('before v4, and with an instance id, a first join is let in at once', () => {
    const harness = new ShardHarness();
    const old = harness.join('');
    const fixed = harness.join('', { requireKnownMemberId: true, groupInstanceId: 'i' });
    harness.advance(6000);
    expect(harness.reply(old, 'join').errorCode).toBe(0);
    expect(harness.reply(fixed, 'join').errorCode).toBe(0);
  });

  test('an empty group waits group.initial.rebalance.delay.ms, longer while members keep coming, never past the rebalance time-out', () => {
    const harness = new ShardHarness();
    const tickets = [harness.join('', { rebalanceTimeoutMs: 7000 })];
    harness.advance(2900);
    tickets.push(harness.join('', { rebalanceTimeoutMs: 7000 }));
    harness.advance(2900);
    expect(harness.replies.size).toBe(1);
    tickets.push(harness.join('', { rebalanceTimeoutMs: 7000 }));
    harness.advance(1199);
    expect(tickets.some((ticket) => harness.replies.has(ticket))).toBe(false);
    harness.advance(1);
    expect(tickets.every((ticket) => harness.reply(ticket, 'join').generationId === 1)).toBe(true);
  });

  test('a delay of 0 answers in the next moment', () => {
    const harness = new ShardHarness({ initialRebalanceDelayMs: 0 });
    const ticket = harness.join('');
    harness.advance(0);
    expect(harness.reply(ticket, 'join').generationId).toBe(1);
  });

  test.each([
    ['an empty group id', { groupId: '' }, ErrorCode.INVALID_GROUP_ID],
    ['a session time-out below the minimum', { sessionTimeoutMs: 5999 }, ErrorCode.INVALID_SESSION_TIMEOUT],
    ['a session time-out above the maximum', { sessionTimeoutMs: 1_800_001 }, ErrorCode.INVALID_SESSION_TIMEOUT],
    ['no protocol', { protocols: [] }, ErrorCode.INCONSISTENT_GROUP_PROTOCOL],
    ['no protocol type', { protocolType: '' }, ErrorCode.INCONSISTENT_GROUP_PROTOCOL],
    ['a member id in an unknown group', { memberId: 'x' }, ErrorCode.UNKNOWN_MEMBER_ID],
  ])('%s is refused', (_what, fields, errorCode) => {
    const harness = new ShardHarness();
    expect(harness.reply(harness.join('', fields), 'join').errorCode).toBe(errorCode);
    expect(state(harness)).toBeUndefined();
  });

  test('protocols that the group does not have in common are refused', () => {
    const harness = new ShardHarness();
    harness.join('');
    const other = harness.join('', { protocols: [{ name: 'sticky', metadata: bytes() }] });
    const connect = harness.join('', { protocolType: 'connect' });
    expect(harness.reply(other, 'join').errorCode).toBe(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
    expect(harness.reply(connect, 'join').errorCode).toBe(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
  });

  test('a group takes group.max.size members and a bounded number of bytes', () => {
    const full = new ShardHarness({ maxSize: 1 });
    full.stableGroup(1);
    expect(full.reply(full.join(''), 'join').errorCode).toBe(ErrorCode.GROUP_MAX_SIZE_REACHED);
    const heavy = new ShardHarness({ groupMetadataMaxBytes: 20, memberMetadataMaxBytes: 15 });
    const metadata = new Uint8Array(8);
    heavy.join('', { protocols: [{ name: 'range', metadata }] });
    expect(heavy.reply(heavy.join('', { protocols: [{ name: 'range', metadata }] }), 'join').errorCode).toBe(
      ErrorCode.GROUP_MAX_SIZE_REACHED,
    );
    const huge = heavy.join('', { protocols: [{ name: 'range', metadata: new Uint8Array(11) }] });
    expect(heavy.reply(huge, 'join').errorCode).toBe(ErrorCode.INVALID_REQUEST);
  });
});

describe('a rebalance', () => {
  test('gives the members to the leader, the assignment to each member, and is written once', () => {
    const harness = new ShardHarness();
    const first = harness.join('');
    const second = harness.join('');
    harness.advance(6000);
    const leader = harness.reply(first, 'join');
    const follower = harness.reply(second, 'join');
    expect(leader.members.map((member) => member.memberId)).toEqual(['m1', 'm2']);
    expect(follower).toMatchObject({ leader: 'm1', members: [], protocolName: 'range', protocolType: 'consumer' });
    expect(harness.log.length).toBe(0);
    const waiting = harness.sync('m2', 1);
    expect(harness.replies.has(waiting)).toBe(false);
    const leading = harness.sync('m1', 1, { m1: 7, m2: 8, stranger: 9 });
    expect(harness.reply(leading, 'sync').assignment).toEqual(bytes(7));
    expect(harness.reply(waiting, 'sync').assignment).toEqual(bytes(8));
    expect(state(harness)).toBe('Stable');
    expect(harness.log.length).toBe(1);
  });

  test('nobody has an assignment before it is committed', () => {
    const harness = new ShardHarness();
    const first = harness.join('');
    harness.advance(3000);
    const { memberId } = harness.reply(first, 'join');
    harness.autoCommit = false;
    const ticket = harness.sync(memberId, 1, { [memberId]: 7 });
    expect(harness.replies.has(ticket)).toBe(false);
    expect(state(harness)).toBe('CompletingRebalance');
    harness.commit();
    expect(harness.reply(ticket, 'sync').assignment).toEqual(bytes(7));
  });

  test('an assignment that cannot be committed has the members join again', () => {
    const harness = new ShardHarness();
    const first = harness.join('');
    harness.advance(3000);
    const { memberId } = harness.reply(first, 'join');
    harness.autoCommit = false;
    const ticket = harness.sync(memberId, 1, { [memberId]: 7 });
    harness.fail();
    expect(harness.reply(ticket, 'sync').errorCode).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    expect(state(harness)).toBe('PreparingRebalance');
  });

  test('a member that comes has the others told by heartbeat; who does not rejoin in time is out', () => {
    const harness = new ShardHarness();
    const [leader = '', other = ''] = harness.stableGroup(2);
    expect(harness.heartbeat(leader, 1)).toBe(0);
    const third = harness.join('');
    expect(harness.heartbeat(leader, 1)).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    const again = harness.join(leader);
    for (let waited = 0; waited < 60_000; waited += 5000) {
      harness.heartbeat(other, 1);
      harness.advance(5000);
    }
    expect(harness.reply(again, 'join')).toMatchObject({ generationId: 2, leader });
    expect(harness.reply(third, 'join').generationId).toBe(2);
    expect(harness.heartbeat(other, 2)).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  });

  test('when the last member has rejoined, nothing is waited for', () => {
    const harness = new ShardHarness();
    const [leader = '', other = ''] = harness.stableGroup(2);
    const third = harness.join('');
    harness.join(leader);
    expect(harness.replies.has(third)).toBe(false);
    harness.join(other);
    expect(harness.reply(third, 'join').generationId).toBe(2);
  });

  test('a follower that asks again with the same subscription gets the generation it has', () => {
    const harness = new ShardHarness();
    const [, follower = ''] = harness.stableGroup(2);
    expect(harness.reply(harness.join(follower), 'join')).toMatchObject({ generationId: 1, members: [] });
    expect(state(harness)).toBe('Stable');
  });

  test('a leader that joins again, and a follower with a new subscription, start a rebalance', () => {
    const harness = new ShardHarness();
    const [leader = '', follower = ''] = harness.stableGroup(2);
    harness.join(leader);
    expect(state(harness)).toBe('PreparingRebalance');
    const other = new ShardHarness();
    other.stableGroup(2);
    other.join(follower, { protocols: [{ name: 'range', metadata: bytes(2) }] });
    expect(state(other)).toBe('PreparingRebalance');
  });

  test('a join sent twice is answered twice, the first one with an error', () => {
    const harness = new ShardHarness();
    const [leader = '', follower = ''] = harness.stableGroup(2);
    const first = harness.join(leader);
    const second = harness.join(leader);
    expect(harness.reply(first, 'join').errorCode).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    harness.join(follower);
    expect(harness.reply(second, 'join').generationId).toBe(2);
  });

  test('who does not ask for its assignment within the rebalance time-out is out', () => {
    const harness = new ShardHarness();
    const first = harness.join('', { sessionTimeoutMs: 100_000 });
    const second = harness.join('', { sessionTimeoutMs: 100_000 });
    harness.advance(6000);
    const leader = harness.reply(first, 'join').memberId;
    const waiting = harness.sync(leader, 1, { [leader]: 1 });
    expect(harness.reply(waiting, 'sync').errorCode).toBe(0);
    harness.advance(60_000);
    expect(harness.heartbeat(leader, 1)).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    expect(harness.shard.group('g')?.members.has(harness.reply(second, 'join').memberId)).toBe(false);
  });

  test('the protocol that all support and most prefer is chosen', () => {
    const harness = new ShardHarness();
    const of = (...names: string[]) => ({ protocols: names.map((name) => ({ name, metadata: bytes() })) });
    const ticket = harness.join('', of('range', 'sticky', 'own'));
    harness.join('', of('sticky', 'range'));
    harness.join('', of('sticky', 'range'));
    harness.advance(6000);
    expect(harness.reply(ticket, 'join').protocolName).toBe('sticky');
  });
});

describe('leaving', () => {
  test('the last member leaves an empty group behind, written with a new generation', () => {
    const harness = new ShardHarness();
    const [only = ''] = harness.stableGroup(1);
    expect(harness.reply(harness.leave(only), 'leave').members).toMatchObject([{ memberId: only, errorCode: 0 }]);
    expect(state(harness)).toBe('Empty');
    expect(harness.replayed().durableSnapshot()).toEqual(harness.shard.durableSnapshot());
    expect(harness.shard.group('g')?.generationId).toBe(2);
    expect(harness.timers.size).toBe(0);
  });

  test('a member that is silent for its session time-out is out', () => {
    const harness = new ShardHarness();
    const [leader = '', other = ''] = harness.stableGroup(2);
    harness.advance(6000);
    harness.heartbeat(leader, 1);
    harness.advance(4000);
    expect(harness.heartbeat(leader, 1)).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    expect(harness.heartbeat(other, 1)).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  });

  test('several members leave at once, each with its own outcome', () => {
    const harness = new ShardHarness();
    const [a = '', b = ''] = harness.stableGroup(3);
    const reply = harness.reply(harness.leave(a, 'stranger', b), 'leave');
    expect(reply.members.map((member) => member.errorCode)).toEqual([0, ErrorCode.UNKNOWN_MEMBER_ID, 0]);
    expect(harness.shard.group('g')?.members.size).toBe(1);
  });

  test('a leaving member that waits for a join is told so', () => {
    const harness = new ShardHarness();
    const ticket = harness.join('');
    harness.leave('m1');
    expect(harness.reply(ticket, 'join').errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    expect(state(harness)).toBe('Empty');
  });
});

describe('static members', () => {
  const fixed = { groupInstanceId: 'i', requireKnownMemberId: true };

  test('one that comes back takes its place and its assignment without a rebalance; its former self is fenced', () => {
    const harness = new ShardHarness();
    const [former = ''] = harness.stableGroup(1, fixed);
    const back = harness.reply(harness.join('', fixed), 'join');
    expect(back).toMatchObject({ errorCode: 0, generationId: 1, skipAssignment: true });
    expect(back.memberId).not.toBe(former);
    expect(harness.heartbeat(former, 1, 'i')).toBe(ErrorCode.FENCED_INSTANCE_ID);
    expect(harness.reply(harness.sync(former, 1, {}, { groupInstanceId: 'i' }), 'sync').errorCode).toBe(
      ErrorCode.FENCED_INSTANCE_ID,
    );
    const synced = harness.reply(harness.sync(back.memberId, 1, {}, { groupInstanceId: 'i' }), 'sync');
    expect(synced.assignment).toEqual(bytes(0));
    expect(harness.replayed().durableSnapshot()).toEqual(harness.shard.durableSnapshot());
  });

  test('before JoinGroup v9 a leader that comes back is not told that it leads', () => {
    const harness = new ShardHarness();
    const [former = ''] = harness.stableGroup(1, fixed);
    const back = harness.reply(harness.join('', { ...fixed, supportsSkipAssignment: false }), 'join');
    expect(back).toMatchObject({ leader: former, members: [], skipAssignment: false });
  });

  test('one that joins in place of a waiting one turns it away', () => {
    const harness = new ShardHarness();
    const first = harness.join('', fixed);
    const second = harness.join('', fixed);
    expect(harness.reply(first, 'join').errorCode).toBe(ErrorCode.FENCED_INSTANCE_ID);
    harness.advance(6000);
    expect(harness.reply(second, 'join')).toMatchObject({ errorCode: 0, generationId: 1 });
  });

  test('one is kept through a rebalance that it misses, until its session ends', () => {
    const harness = new ShardHarness();
    const absent = harness.join('', { ...fixed, sessionTimeoutMs: 90_000 });
    harness.advance(3000);
    const { memberId } = harness.reply(absent, 'join');
    harness.sync(memberId, 1, { [memberId]: 1 }, { groupInstanceId: 'i' });
    harness.join('');
    harness.advance(60_000);
    expect(harness.shard.group('g')).toMatchObject({ state: 'CompletingRebalance', generationId: 2 });
    expect(harness.shard.group('g')?.members.has(memberId)).toBe(true);
  });

  test('an admin may take one out by its instance id alone', () => {
    const harness = new ShardHarness();
    harness.stableGroup(1, fixed);
    const ticket = harness.send({ type: 'leave', groupId: 'g', members: [{ memberId: '', groupInstanceId: 'i' }] });
    expect(harness.reply(ticket, 'leave').members[0]?.errorCode).toBe(0);
    expect(state(harness)).toBe('Empty');
  });
});

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
    expect(errorOf(harness.commitOffset('m', 1, 5, { knowsAbsentGroup: false }))).toBe(ErrorCode.ILLEGAL_GENERATION);
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
    expect(harness.replayed().durableSnapshot()).toEqual({ groups: [], offsets: [] });
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

  test('of a deleted topic go', () => {
    const harness = new ShardHarness();
    harness.commitOffset('', -1, 5);
    const topics = [{ topic: 't', topicId: 'x' }];
    harness.send({ type: 'delete-topic-offsets', groupId: 'g', topics });
    expect(harness.fetchOffset().committedOffset).toBe(-1);
  });
});

describe('a group', () => {
  test('is deleted only when it is empty, with its offsets', () => {
    const harness = new ShardHarness();
    const remove = () => harness.reply(harness.send({ type: 'delete', groupId: 'g' }), 'status').errorCode;
    expect(remove()).toBe(ErrorCode.GROUP_ID_NOT_FOUND);
    const [only = ''] = harness.stableGroup(1);
    harness.commitOffset(only, 1, 5);
    expect(remove()).toBe(ErrorCode.NON_EMPTY_GROUP);
    harness.leave(only);
    expect(remove()).toBe(0);
    expect(harness.replayed().durableSnapshot()).toEqual({ groups: [], offsets: [] });
  });

  test('survives a failover: members keep their places, offsets stay, sessions are armed', () => {
    const harness = new ShardHarness();
    const [leader = '', other = ''] = harness.stableGroup(2);
    harness.commitOffset(leader, 1, 5);
    harness.failOver();
    expect(harness.heartbeat(leader, 1)).toBe(0);
    expect(harness.fetchOffset().committedOffset).toBe(5);
    expect(harness.reply(harness.sync(other, 1), 'sync').assignment).toEqual(bytes(1));
    harness.advance(10_000);
    expect(state(harness)).toBe('Empty');
  });

  test('is described with subscriptions only while it is stable', () => {
    const harness = new ShardHarness();
    const describeIt = () => harness.reply(harness.send({ type: 'describe', groupId: 'g' }), 'describe');
    expect(describeIt()).toMatchObject({ errorCode: ErrorCode.GROUP_ID_NOT_FOUND, state: 'Dead' });
    harness.stableGroup(1);
    expect(describeIt()).toMatchObject({
      state: 'Stable',
      protocolName: 'range',
      members: [{ metadata: bytes(1), assignment: bytes(0) }],
    });
    harness.join('');
    expect(describeIt()).toMatchObject({ state: 'PreparingRebalance', protocolName: '', protocolType: 'consumer' });
    expect(harness.reply(harness.send({ type: 'list' }), 'list').groups).toEqual([
      { groupId: 'g', protocolType: 'consumer', state: 'PreparingRebalance' },
    ]);
  });
});
