import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FollowerPosition, FollowerSession, keyOf } from './follower-session.ts';

function at(partitionIndex: number, fetchOffset: number): FollowerPosition {
  const name = { topic: 't', topicId: 'T', partitionIndex };
  const ends = { logStartOffset: 0, highWatermark: 0, partitionMaxBytes: 10 };
  return { ...name, key: keyOf(name), currentLeaderEpoch: 1, fetchOffset, lastFetchedEpoch: 1, ...ends };
}

describe('the asking side of a fetch session', () => {
  it('names all at first, then what has changed, then what is wanted no more', () => {
    const session = new FollowerSession();
    expect(session.next([at(0, 5), at(1, 5)])).toMatchObject({ sessionId: 0, sessionEpoch: 0, forgotten: [] });
    session.answered(9);
    expect(session.next([at(0, 5), at(1, 6)])).toMatchObject({ sessionId: 9, sessionEpoch: 1, positions: [at(1, 6)] });
    session.answered(9);
    const step = session.next([at(1, 6)]);
    expect([step.positions, step.forgotten]).toEqual([[], [at(0, 5)]]);
    expect([session.askedFor('T/1'), session.askedFor('T/0')]).toEqual([at(1, 6), undefined]);
    session.reset();
    expect(session.next([at(1, 6)])).toMatchObject({ sessionId: 0, sessionEpoch: 0, positions: [at(1, 6)] });
  });

  it('the leader always knows what is wanted, whatever came before', () => {
    const offsets = fc.uniqueArray(fc.tuple(fc.nat({ max: 4 }), fc.nat({ max: 2 })), { selector: ([index]) => index });
    const round = fc.record({ wanted: offsets, fate: fc.constantFrom('kept', 'kept', 'kept', 'none', 'failed') });
    fc.assert(
      fc.property(fc.array(round, { maxLength: 20 }), (rounds) => {
        const session = new FollowerSession();
        let leader = new Map<string, FollowerPosition>();
        for (const { wanted, fate } of rounds) {
          const positions = wanted.map(([index, offset]) => at(index, offset));
          const step = session.next(positions);
          if (step.sessionEpoch === 0) leader = new Map();
          for (const position of step.positions) leader.set(position.key, position);
          for (const { key } of step.forgotten) leader.delete(key);
          expect([...leader.values()].sort(byIndex)).toEqual(positions.toSorted(byIndex));
          if (fate === 'failed') session.reset();
          else session.answered(fate === 'kept' ? 7 : 0);
        }
      }),
    );
  });
});

const byIndex = (a: FollowerPosition, b: FollowerPosition): number => a.partitionIndex - b.partitionIndex;
