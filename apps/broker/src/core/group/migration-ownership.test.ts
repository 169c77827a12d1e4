import { ConsumerProtocolSubscription, ErrorCode } from '@ks/protocol';
import { beforeEach, expect, test } from 'vitest';
import type { MemberProtocol } from './commands.ts';
import { assignmentBytes } from './consumer-protocol.ts';
import { defaultGroupConfig } from './group-config.ts';
import { messageBytes } from './record-bytes.ts';
import { ShardHarness } from './shard-harness.test-support.ts';
import { topicIdOf } from './topic-fixtures.test-support.ts';

// What a classic member may still work on goes to nobody else, however the group changes its kind in between.

let harness: ShardHarness;
beforeEach(() => {
  harness = new ShardHarness({ consumer: { ...defaultGroupConfig.consumer, assignmentIntervalMs: 0 } });
  harness.setTopics({ t: 4 });
});

/** The protocols of a cooperative member that has these partitions. */
function cooperative(...owned: readonly number[]): { readonly protocols: readonly MemberProtocol[] } {
  const ownedPartitions = [{ topic: 't', partitions: [...owned] }];
  const metadata = messageBytes(ConsumerProtocolSubscription, 1, 1, { topics: ['t'], ownedPartitions });
  return { protocols: [{ name: 'cooperative-sticky', metadata }] };
}

/** A member of a classic group is given partitions by itself, as the one that leads. */
function lead(memberId: string, generationId: number, ...partitions: readonly number[]): void {
  const protocolName = 'cooperative-sticky';
  const share = new Map([[topicIdOf('t'), new Set(partitions)]]);
  const assignments = [{ memberId, assignment: assignmentBytes(share, harness.image, 0) }];
  expect(harness.reply(harness.sync(memberId, generationId, {}, { assignments, protocolName }), 'sync').errorCode).toBe(
    0,
  );
}

function classicGroup(...partitions: readonly number[]): string {
  const ticket = harness.join('', cooperative());
  harness.advance(10_000);
  const { memberId, generationId } = harness.reply(ticket, 'join');
  lead(memberId, generationId, ...partitions);
  return memberId;
}

function given(memberId: string, epoch: number): readonly number[] {
  const topicPartitions = new Map();
  const fields = { rebalanceTimeoutMs: 30_000, subscribedTopicNames: ['t'], topicPartitions };
  const { errorCode, assignment } = harness.beat(memberId, epoch, fields);
  expect(errorCode).toBe(0);
  return [...(assignment?.get(topicIdOf('t')) ?? new Map()).keys()].sort();
}

test('an upgrade keeps what a cooperative member has been told to give up and has not said that it did', () => {
  const old = classicGroup(0, 1, 2, 3);
  const again = harness.join(old, cooperative(0, 1, 2, 3));
  const { generationId } = harness.reply(again, 'join');
  lead(old, generationId, 0, 1);
  // The old member may be at work on 2 and 3 until it has joined again.
  const { memberEpoch } = harness.joinConsumer('new', ['t']);
  expect(given('new', memberEpoch)).toEqual([]);
  expect(harness.heartbeat(old, generationId)).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
  expect(harness.reply(harness.join(old, cooperative(0, 1)), 'join').errorCode).toBe(0);
  expect(given('new', memberEpoch)).toEqual([2, 3]);
  expect(harness.replayed().durableSnapshot()).toEqual(harness.shard.durableSnapshot());
});

test('a member that was to give something up keeps it over a downgrade and the next upgrade', () => {
  const old = classicGroup(0, 1, 2, 3);
  harness.joinConsumer('new', ['t']);
  harness.beat('new', -1);
  expect(harness.shard.group('g')?.state).toBe('PreparingRebalance');
  const { memberEpoch } = harness.joinConsumer('newer', ['t']);
  expect(given('newer', memberEpoch)).toEqual([]);
  // It has heard of none of this.
  expect(harness.heartbeat(old, 1)).not.toBe(0);
  expect(harness.reply(harness.join(old, cooperative()), 'join').errorCode).toBe(0);
  expect(given('newer', memberEpoch)).toHaveLength(2);
});

test('a failover in the rebalance after a downgrade does not leave partitions without a member', () => {
  const old = classicGroup(0, 1, 2, 3);
  const { memberEpoch } = harness.joinConsumer('new', ['t']);
  harness.join(old, cooperative(0, 1, 2, 3));
  const { generationId } = harness.reply(harness.join(old, cooperative(0, 1)), 'join');
  expect(given('new', memberEpoch)).toEqual([2, 3]);
  harness.beat('new', -1);
  harness.failOver();
  expect(harness.heartbeat(old, generationId)).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
  expect(harness.reply(harness.join(old, cooperative(0, 1)), 'join')).toMatchObject({ errorCode: 0, leader: old });
});

test('who does not come back to the rebalance after a failover is out of it in the end', () => {
  const old = classicGroup(0, 1, 2, 3);
  harness.joinConsumer('new', ['t']);
  harness.beat('new', -1);
  harness.failOver();
  harness.advance(600_000);
  expect(harness.shard.group('g')?.members.has(old) ?? false).toBe(false);
});
