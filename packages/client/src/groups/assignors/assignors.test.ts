import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TopicPartition } from '../../offsets/list-offsets.ts';
import type { Assignor, Subscriber } from './assignor.ts';
import { rangeAssignor } from './range.ts';
import { roundRobinAssignor } from './round-robin.ts';
import { cooperativeStickyAssignor, stickyAssignor } from './sticky.ts';

const nothing = { ownedPartitions: [], generationId: -1, rackId: null, userData: null };
const member = (memberId: string, ...topics: string[]): Subscriber => ({
  memberId,
  groupInstanceId: null,
  topics,
  ...nothing,
});
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
    const at = (memberId: string, groupInstanceId: string) => ({
      memberId,
      groupInstanceId,
      topics: ['t'],
      ...nothing,
    });
    expect(shown(rangeAssignor, [at('z', 'a'), at('y', 'b')], { t: 2 })).toEqual({ z: 't0', y: 't1' });
  });
});

const topicNames = ['a', 'b', 'c', 'gone'];
const subscribers: fc.Arbitrary<Subscriber[]> = fc
  .uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 8 })
  .chain((ids) => fc.tuple(...ids.map((id) => fc.subarray(topicNames).map((topics) => member(id, ...topics)))));

test.each([rangeAssignor, roundRobinAssignor, stickyAssignor, cooperativeStickyAssignor])(
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

type Assigned = ReadonlyMap<string, readonly TopicPartition[]>;

/** What the members tell in the next generation, when they have this. */
function next(assignor: Assignor, members: readonly Subscriber[], had: Assigned, generationId: number): Subscriber[] {
  return members.map((one) => {
    const owned = had.get(one.memberId) ?? [];
    const userData = assignor.userData?.(owned, generationId) ?? null;
    return { ...one, ownedPartitions: assignor.mode === 'cooperative' ? owned : [], generationId, userData };
  });
}

/** Generations until nothing is left to be given up: a cooperative assignor needs two at most. */
function settled(
  assignor: Assignor,
  members: readonly Subscriber[],
  counts: ReadonlyMap<string, number>,
  had: Assigned,
) {
  const first = assignor.assign(next(assignor, members, had, 1), counts);
  return assignor.mode === 'cooperative' ? assignor.assign(next(assignor, members, first, 2), counts) : first;
}

const sizesOf = (assigned: Assigned): number[] => [...assigned.values()].map(({ length }) => length);
const kept = (before: Assigned, after: Assigned): number =>
  [...before].reduce(
    (sum, [memberId, had]) =>
      sum +
      had.filter(({ topic, partition }) =>
        after.get(memberId)?.some((one) => one.topic === topic && one.partition === partition),
      ).length,
    0,
  );

describe.each([stickyAssignor, cooperativeStickyAssignor])('$name', (assignor) => {
  const named = (count: number, from = 0): Subscriber[] =>
    Array.from({ length: count }, (_, index) => member(`m${from + index}`, 'a', 'b'));
  const counts = new Map([
    ['a', 7],
    ['b', 6],
  ]);

  test('is even and moves only what it must, as members come and go', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 0, max: 7 }),
        fc.nat({ max: 4 }),
        (size, gone, come) => {
          const before = settled(assignor, named(size), counts, new Map());
          expect(Math.max(...sizesOf(before)) - Math.min(...sizesOf(before))).toBeLessThanOrEqual(1);
          const stay = named(size).slice(Math.min(gone, size - 1));
          const members = [...stay, ...named(come, 100)];
          const after = settled(assignor, members, counts, before);
          expect(Math.max(...sizesOf(after)) - Math.min(...sizesOf(after))).toBeLessThanOrEqual(1);
          expect(sizesOf(after).reduce((sum, length) => sum + length, 0)).toBe(13);
          // Whoever stays keeps as many as an even share allows.
          const most = Math.ceil(13 / members.length);
          const least = Math.floor(13 / members.length);
          const couldKeep = stay.reduce(
            (sum, { memberId }) => sum + Math.min(before.get(memberId)?.length ?? 0, least),
            0,
          );
          expect(kept(before, after)).toBeGreaterThanOrEqual(couldKeep);
          for (const { memberId } of members) expect(after.get(memberId)?.length).toBeLessThanOrEqual(most);
        },
      ),
    );
  });

  test('is as even as different topics allow', () => {
    fc.assert(
      fc.property(subscribers, (members) => {
        const sizes = new Map([
          ['a', 5],
          ['b', 3],
          ['c', 8],
        ]);
        const assigned = settled(assignor, members, sizes, new Map());
        for (const [memberId, partitions] of assigned) {
          for (const other of members) {
            const isMuchLighter = (assigned.get(other.memberId)?.length ?? 0) + 1 < partitions.length;
            const canTake = partitions.some(({ topic }) => other.topics.includes(topic));
            expect(isMuchLighter && canTake, `${memberId} and ${other.memberId}`).toBe(false);
          }
        }
      }),
    );
  });
});

test('of two that claim a partition the later generation has it; user data that cannot be read says nothing', () => {
  const claims = (memberId: string, generationId: number): Subscriber => ({
    ...member(memberId, 'a'),
    ownedPartitions: [{ topic: 'a', partition: 0 }],
    generationId,
    userData: new Uint8Array([1, 2, 3]),
  });
  for (const [older, newer] of [
    ['x', 'y'],
    ['y', 'x'],
  ] as const) {
    const members = [claims(older, 4), claims(newer, 5)];
    expect(shown(stickyAssignor, members, { a: 1 })).toEqual({ [older]: '', [newer]: 'a0' });
  }
});

test('cooperative: what another member has is not handed out before it was given up', () => {
  const both = [
    { ...member('x', 'a'), ownedPartitions: [0, 1, 2, 3].map((partition) => ({ topic: 'a', partition })) },
    member('y', 'a'),
  ];
  expect(shown(cooperativeStickyAssignor, both, { a: 4 })).toEqual({ x: 'a0 a1', y: '' });
});
