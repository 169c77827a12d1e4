import { ErrorCode } from '@ks/protocol';
import { describe, expect, test } from 'vitest';
import { ShardHarness } from './shard-harness.test-support.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);
const state = (harness: ShardHarness) => harness.shard.group('g')?.state;

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
