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
