import { ErrorCode } from '@ks/protocol';
import { describe, expect, test } from 'vitest';
import { ShardHarness } from './shard-harness.test-support.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);
const state = (harness: ShardHarness) => harness.shard.group('g')?.state;

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

  test('a handed-out id that is given back holds nobody up', () => {
    const harness = new ShardHarness();
    const [only = ''] = harness.stableGroup(1);
    const { memberId } = harness.reply(harness.join('', { requireKnownMemberId: true }), 'join');
    const ticket = harness.join(only);
    expect(harness.replies.has(ticket)).toBe(false);
    expect(harness.reply(harness.leave(memberId), 'leave').members[0]?.errorCode).toBe(0);
    expect(harness.reply(ticket, 'join').generationId).toBe(2);
  });
});
