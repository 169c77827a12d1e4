import { describe, expect, test } from 'vitest';
import { GroupOffsets } from './offsets.ts';

const commit = (offset: number | null, partitionIndex = 0) =>
  ({
    type: 'offset',
    groupId: 'g',
    topic: 't',
    partitionIndex,
    value:
      offset === null
        ? null
        : { offset, leaderEpoch: -1, metadata: '', commitTimestamp: 0, expireTimestamp: -1, topicId: '' },
  }) as const;
const committed = (offsets: GroupOffsets, partitionIndex = 0) => offsets.get('t', partitionIndex)?.offset;

describe('offsets within transactions', () => {
  test('count when the transaction commits, and never when it aborts', () => {
    const offsets = new GroupOffsets();
    offsets.applyPending(commit(5), 10, 1);
    offsets.applyPending(commit(6, 1), 11, 2);
    expect([committed(offsets), offsets.isPending('t', 0), offsets.hasPending]).toEqual([undefined, true, true]);
    offsets.applyMarker(1, true);
    offsets.applyMarker(2, false);
    expect([committed(offsets), committed(offsets, 1), offsets.hasPending]).toEqual([5, undefined, false]);
  });

  test('of several commits the last in the log counts, whichever transaction ends last', () => {
    const offsets = new GroupOffsets();
    offsets.applyPending(commit(5), 10, 1);
    offsets.applyPending(commit(6), 11, 2);
    offsets.applyMarker(2, true);
    offsets.applyMarker(1, true);
    expect(committed(offsets)).toBe(6);
    offsets.applyPending(commit(7), 12, 1);
    offsets.apply(commit(8), 13);
    expect(offsets.isPending('t', 0)).toBe(true);
    offsets.applyMarker(1, true);
    expect(committed(offsets)).toBe(8);
    offsets.applyPending(commit(9), 14, 1);
    offsets.applyMarker(1, true);
    expect(committed(offsets)).toBe(9);
  });

  test('a deletion takes what is open with it', () => {
    const offsets = new GroupOffsets();
    offsets.applyPending(commit(5), 10, 1);
    offsets.applyPending(commit(6, 1), 11, 1);
    offsets.apply(commit(null), 12);
    expect([...offsets.pendingPartitions()].map(({ partitionIndex }) => partitionIndex)).toEqual([1]);
    offsets.applyMarker(1, true);
    expect([committed(offsets), committed(offsets, 1)]).toEqual([undefined, 6]);
    offsets.apply(commit(null, 1), 13);
    expect(offsets.isEmpty).toBe(true);
  });
});
