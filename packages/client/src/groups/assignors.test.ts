import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Assignor, rangeAssignor, roundRobinAssignor, type Subscriber } from './assignors.ts';

const member = (memberId: string, ...topics: string[]): Subscriber => ({ memberId, groupInstanceId: null, topics });
const shown = (assignor: Assignor, members: readonly Subscriber[], counts: Record<string, number>) =>
  Object.fromEntries(
    [...assignor.assign(members, new Map(Object.entries(counts)))].map(([memberId, partitions]) => [
      memberId,
      partitions.map(({ topic, partition }) => `${topic}${partition}`).join(' '),
    ]),
  );

// As Java's assignors do it: the examples of their documentation.
describe('examples', () => {
  test('range', () => {
    expect(shown(rangeAssignor, [member('C1', 't1', 't0'), member('C0', 't0', 't1')], { t0: 3, t1: 3 })).toEqual({
      C0: 't00 t01 t10 t11',
      C1: 't02 t12',
    });
  });

  test('round robin, with members of the same topics and of different ones', () => {
    expect(shown(roundRobinAssignor, [member('C0', 't0', 't1'), member('C1', 't0', 't1')], { t0: 3, t1: 3 })).toEqual({
      C0: 't00 t02 t11',
      C1: 't01 t10 t12',
    });
    const members = [member('C0', 't0'), member('C1', 't0', 't1'), member('C2', 't0', 't1', 't2')];
    expect(shown(roundRobinAssignor, members, { t0: 1, t1: 2, t2: 3 })).toEqual({
      C0: 't00',
      C1: 't10',
      C2: 't11 t20 t21 t22',
    });
  });

  test('static members keep their place whatever their member ids', () => {
    const at = (memberId: string, groupInstanceId: string) => ({ memberId, groupInstanceId, topics: ['t'] });
    expect(shown(rangeAssignor, [at('z', 'a'), at('y', 'b')], { t: 2 })).toEqual({ z: 't0', y: 't1' });
  });
});

const topicNames = ['a', 'b', 'c', 'gone'];
const subscribers: fc.Arbitrary<Subscriber[]> = fc
  .uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 8 })
  .chain((ids) => fc.tuple(...ids.map((id) => fc.subarray(topicNames).map((topics) => member(id, ...topics)))));

test.each([rangeAssignor, roundRobinAssignor])(
  '$name gives every partition to one member that wants it',
  (assignor) => {
    const counts = fc.record({ a: fc.nat(9), b: fc.nat(9), c: fc.nat(9) });
    fc.assert(
      fc.property(subscribers, counts, (members, sizes) => {
        const assigned = assignor.assign(members, new Map(Object.entries(sizes)));
        const given = [...assigned].flatMap(([memberId, partitions]) =>
          partitions.map((one) => ({ memberId, ...one })),
        );
        for (const { memberId, topic } of given) {
          expect(members.find((one) => one.memberId === memberId)?.topics).toContain(topic);
        }
        const wanted = Object.entries(sizes).flatMap(([topic, count]) =>
          members.some(({ topics }) => topics.includes(topic))
            ? Array.from({ length: count }, (_, p) => `${topic} ${p}`)
            : [],
        );
        expect(given.map(({ topic, partition }) => `${topic} ${partition}`).toSorted()).toEqual(wanted.toSorted());
        expect([...assigned.keys()].toSorted()).toEqual(members.map(({ memberId }) => memberId).toSorted());
      }),
    );
  },
);
