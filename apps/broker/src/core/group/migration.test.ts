import { ErrorCode } from '@ks/protocol';
import { beforeEach, describe, expect, test } from 'vitest';
import type { JoinCommand } from './commands.ts';
import { assignedPartitionsOf, assignmentBytes } from './consumer-protocol.ts';
import { defaultGroupConfig, type GroupConfig, type MigrationPolicy } from './group-config.ts';
import { ShardHarness } from './shard-harness.test-support.ts';
import { consumerSubscription, topicIdOf } from './topic-fixtures.test-support.ts';

const consumer = { ...defaultGroupConfig.consumer, assignmentIntervalMs: 0 };
const subscribed = { protocols: [{ name: 'range', metadata: consumerSubscription(['t']) }] };
let harness: ShardHarness;

function start(fields: Partial<GroupConfig['consumer']> = {}): void {
  harness = new ShardHarness({ consumer: { ...consumer, ...fields } });
  harness.setTopics({ t: 4 });
}
beforeEach(() => start());

/** Numbers of the partitions in the reply to a sync. */
function synced(memberId: string, generationId: number): readonly number[] {
  const { errorCode, assignment } = harness.reply(harness.sync(memberId, generationId), 'sync');
  if (errorCode !== 0) return [-errorCode];
  const partitions = assignedPartitionsOf(assignment, harness.image)?.get(topicIdOf('t'));
  return [...(partitions ?? [])];
}

/** A stable classic group of one member that has all partitions. */
function classicGroup(fields: Partial<JoinCommand> = {}): string {
  const ticket = harness.join('', { ...subscribed, ...fields });
  harness.advance(10_000);
  const { memberId, generationId } = harness.reply(ticket, 'join');
  const all = new Map([[topicIdOf('t'), new Set([0, 1, 2, 3])]]);
  const assignments = [{ memberId, assignment: assignmentBytes(all, harness.image, 0) }];
  harness.sync(memberId, generationId, {}, { assignments });
  return memberId;
}

describe('a classic group that a new member joins', () => {
  test('goes on as a consumer group; its members keep what they have until they have given it up', () => {
    const old = classicGroup();
    const reply = harness.joinConsumer('new', ['t']);
    expect(reply).toMatchObject({ errorCode: 0, memberEpoch: 2 });
    expect(reply.assignment?.size).toBe(0);
    expect(harness.shard.consumerGroup('g')?.member(old)?.assigned.get(topicIdOf('t'))?.size).toBe(4);
    expect(harness.shard.isDurable('g')).toBe(false);
    expect(harness.heartbeat(old, 1)).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    const joined = harness.reply(harness.join(old, subscribed), 'join');
    expect(joined).toMatchObject({ errorCode: 0, generationId: 2, leader: '', protocolName: 'range', members: [] });
    expect(synced(old, 2)).toEqual([0, 1]);
    expect(harness.heartbeat(old, 2)).toBe(0);
    expect(harness.beat('new', 2).assignment?.get(topicIdOf('t'))?.size).toBe(2);
    expect(harness.shard.consumerGroup('g')?.state).toBe('Stable');
  });

  test('turns away whoever waits in it', () => {
    const old = classicGroup();
    const waiting = harness.join('', { ...subscribed, requireKnownMemberId: false });
    harness.joinConsumer('new', ['t']);
    expect(harness.reply(waiting, 'join').errorCode).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    expect(harness.shard.consumerGroup('g')?.member(old)).toBeDefined();
    expect([...harness.parked]).toEqual([]);
  });

  test.each([
    ['disabled', ErrorCode.GROUP_ID_NOT_FOUND],
    ['downgrade', ErrorCode.GROUP_ID_NOT_FOUND],
    ['upgrade', 0],
    ['bidirectional', 0],
  ] satisfies [MigrationPolicy, number][])('follows the policy %s', (migrationPolicy, errorCode) => {
    start({ migrationPolicy });
    classicGroup();
    expect(harness.joinConsumer('new', ['t']).errorCode).toBe(errorCode);
  });

  test('stays as it is where its members are no consumers, are too many, or use an assignor of their own', () => {
    classicGroup({ protocolType: 'connect' });
    expect(harness.joinConsumer('new', ['t']).errorCode).toBe(ErrorCode.GROUP_ID_NOT_FOUND);
    start({ maxSize: 0 });
    classicGroup();
    expect(harness.joinConsumer('new', ['t']).errorCode).toBe(ErrorCode.GROUP_ID_NOT_FOUND);
    start();
    classicGroup({ protocols: [{ name: 'range', metadata: Uint8Array.of(9) }] });
    expect(harness.joinConsumer('new', ['t']).errorCode).toBe(ErrorCode.GROUP_ID_NOT_FOUND);
    expect(harness.shard.group('g')?.state).toBe('Stable');
  });

  test('gives way where it is empty, whatever the policy, and its offsets stay', () => {
    start({ migrationPolicy: 'disabled' });
    harness.leave(classicGroup());
    harness.commitOffset('', -1, 9);
    expect(harness.joinConsumer('new', ['t']).errorCode).toBe(0);
    expect(harness.fetchOffset().committedOffset).toBe(9);
    expect(harness.replayed().durableSnapshot()).toEqual(harness.shard.durableSnapshot());
  });
});

describe('a consumer group whose last new member goes', () => {
  function mixedGroup(): string {
    const old = classicGroup();
    harness.joinConsumer('new', ['t']);
    harness.join(old, subscribed);
    synced(old, 2);
    return old;
  }

  test('is a classic group again, and its members rebalance', () => {
    const old = mixedGroup();
    harness.beat('new', -1);
    expect(harness.shard.consumerGroup('g')).toBeUndefined();
    expect(harness.shard.group('g')).toMatchObject({ state: 'PreparingRebalance', generationId: 2 });
    expect(harness.heartbeat(old, 2)).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    expect(harness.reply(harness.join(old, subscribed), 'join')).toMatchObject({ generationId: 3, leader: old });
    harness.failOver();
    expect(harness.shard.group('g')).toMatchObject({
      state: 'PreparingRebalance',
      generationId: 2,
      protocolName: 'range',
    });
  });

  test('also when it is silent', () => {
    const old = mixedGroup();
    for (let at = 0; at < consumer.sessionTimeoutMs; at += 5000) {
      harness.heartbeat(old, 2);
      harness.advance(5000);
    }
    expect(harness.shard.consumerGroup('g')).toBeUndefined();
  });

  test('stays one where the policy has no way back', () => {
    start({ migrationPolicy: 'upgrade' });
    const old = mixedGroup();
    harness.beat('new', -1);
    expect(harness.shard.consumerGroup('g')?.member(old)).toBeDefined();
  });

  test('is a classic group at once where a classic client takes the static member’s place', () => {
    harness.joinConsumer('new', ['t'], { instanceId: 'i' });
    const fields = { ...subscribed, groupInstanceId: 'i' };
    const joined = harness.reply(harness.join('', fields), 'join');
    expect(joined.errorCode).toBe(0);
    expect(harness.shard.group('g')).toMatchObject({ state: 'Stable', generationId: joined.generationId });
    const ticket = harness.sync(joined.memberId, joined.generationId, {}, { groupInstanceId: 'i' });
    const partitions = assignedPartitionsOf(harness.reply(ticket, 'sync').assignment, harness.image);
    expect(partitions?.get(topicIdOf('t'))?.size).toBe(4);
  });
});

describe('a client of the classic protocol in a consumer group', () => {
  beforeEach(() => void harness.joinConsumer('new', ['t'], { rebalanceTimeoutMs: 300_000 }));

  test('comes back with the member id that it is given', () => {
    const first = harness.reply(harness.join('', { ...subscribed, requireKnownMemberId: true }), 'join');
    expect(first).toMatchObject({ errorCode: ErrorCode.MEMBER_ID_REQUIRED, memberId: 'm1' });
    expect(harness.reply(harness.join('m1', subscribed), 'join')).toMatchObject({ errorCode: 0, memberId: 'm1' });
  });

  test('is refused where it is no consumer, has nothing in common with the others, or says what nobody understands', () => {
    const refused = (fields: Partial<JoinCommand>): number =>
      harness.reply(harness.join('', { ...subscribed, ...fields }), 'join').errorCode;
    const other = (name: string) => ({ protocols: [{ name, metadata: consumerSubscription(['t']) }] });
    expect(refused({ protocolType: 'connect' })).toBe(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
    expect(refused({ protocols: [{ name: 'range', metadata: Uint8Array.of(1) }] })).toBe(
      ErrorCode.INCONSISTENT_GROUP_PROTOCOL,
    );
    expect(refused(other('range'))).toBe(0);
    expect(refused(other('sticky'))).toBe(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
  });

  test('is out when it does not join again, or does not ask for its assignment, in time', () => {
    const { memberId } = harness.reply(harness.join('', subscribed), 'join');
    const isIn = () => harness.shard.consumerGroup('g')?.member(memberId) !== undefined;
    for (let at = 0; at < 59_000; at += 1000) {
      harness.heartbeat(memberId, 3);
      harness.beat('new', 2);
      harness.advance(1000);
    }
    expect(isIn()).toBe(true);
    harness.advance(1000);
    expect(isIn()).toBe(false);
  });

  test('is told its faults', () => {
    const { memberId, generationId } = harness.reply(harness.join('', subscribed), 'join');
    expect(harness.heartbeat('x', generationId)).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    expect(harness.heartbeat('new', 1)).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    expect(harness.heartbeat(memberId, generationId + 1)).toBe(ErrorCode.ILLEGAL_GENERATION);
    expect(synced(memberId, generationId + 1)).toEqual([-ErrorCode.ILLEGAL_GENERATION]);
    const sync = harness.sync(memberId, generationId, {}, { protocolName: 'sticky' });
    expect(harness.reply(sync, 'sync').errorCode).toBe(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
    const left = harness.reply(harness.leave('x', memberId), 'leave').members.map(({ errorCode }) => errorCode);
    expect(left).toEqual([ErrorCode.UNKNOWN_MEMBER_ID, 0]);
    expect(harness.heartbeat(memberId, generationId)).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  });

  test('that changes its protocol is not waited for in the old one', () => {
    const { memberId, generationId } = harness.reply(harness.join('', subscribed), 'join');
    expect(harness.beat(memberId, generationId)).toMatchObject({ errorCode: 0, memberEpoch: generationId });
    for (let at = 0; at < 70_000; at += 10_000) {
      harness.advance(10_000);
      expect(harness.beat(memberId, generationId).errorCode).toBe(0);
      harness.beat('new', 2);
    }
    expect(harness.shard.consumerGroup('g')?.member(memberId)?.classic).toBeNull();
  });

  test('takes an empty consumer group over', () => {
    harness.beat('new', -1);
    const ticket = harness.join('', subscribed);
    expect(harness.shard.consumerGroup('g')).toBeUndefined();
    harness.advance(10_000);
    expect(harness.reply(ticket, 'join')).toMatchObject({ errorCode: 0, generationId: 1 });
    expect(harness.replayed().durableSnapshot()).toEqual(harness.shard.durableSnapshot());
  });
});
