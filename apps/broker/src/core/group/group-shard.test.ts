import { ErrorCode } from '@ks/protocol';
import { describe, expect, test } from 'vitest';
import { ShardHarness } from './shard-harness.test-support.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);
const state = (harness: ShardHarness) => harness.shard.group('g')?.state;

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
    expect(harness.replayed().durableSnapshot()).toEqual({ groups: [], consumerGroups: [], offsets: [] });
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
      { groupId: 'g', protocolType: 'consumer', groupType: 'classic', state: 'PreparingRebalance' },
    ]);
  });
});
