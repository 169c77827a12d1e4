import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type EpochEnd, judgePosition, truncationOffset } from './divergence.ts';

/** A log as the epochs of its records. */
type Epochs = number[];

function endOf(log: Epochs, leaderEpoch: number): EpochEnd {
  const known = log.filter((each) => each <= leaderEpoch);
  return { leaderEpoch: known.at(-1) ?? -1, endOffset: known.length };
}

/** Records below are the same in both logs: one leader per epoch wrote them. */
function commonPrefix(a: Epochs, b: Epochs): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}

/** Two logs with a common beginning that then went different ways under different epochs. */
const histories = fc
  .tuple(
    fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 8 }),
    fc.array(fc.constantFrom(4, 6, 8), { maxLength: 6 }),
    fc.array(fc.constantFrom(5, 7, 9), { maxLength: 6 }),
  )
  .map(([common, one, other]) => {
    const ascending = (epochs: number[]) => [...epochs].sort((a, b) => a - b);
    return {
      leader: [...ascending(common), ...ascending(one), 10],
      follower: [...ascending(common), ...ascending(other)],
    };
  });

it('a follower ends with a prefix of its leader’s log, cuts no common record, and gets nearer each time', () => {
  fc.assert(
    fc.property(histories, ({ leader, follower }) => {
      const common = commonPrefix(leader, follower);
      for (let round = 0; ; round++) {
        expect(round).toBeLessThan(20);
        const position = { fetchOffset: follower.length, lastFetchedEpoch: follower.at(-1) ?? -1 };
        const verdict = judgePosition(position, endOf(leader, position.lastFetchedEpoch));
        if (verdict.type === 'agrees') break;
        if (verdict.type !== 'diverges') throw new Error('the leader knows all older epochs');
        const cutAt = truncationOffset(verdict, endOf(follower, verdict.epoch), follower.length);
        expect(cutAt).toBeGreaterThanOrEqual(common);
        expect(cutAt).toBeLessThan(follower.length);
        follower.length = cutAt;
      }
      expect(follower).toEqual(leader.slice(0, follower.length));
      expect(follower.length).toBe(common);
    }),
    { numRuns: 1000 },
  );
});
