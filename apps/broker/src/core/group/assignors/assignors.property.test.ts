import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { partitionCountOf, type TopicPartitions } from '../topic-partitions.ts';
import type { AssignedMember, Assignor, AssignorInput } from './assignor.ts';
import { assignRanges } from './range.ts';
import { assignUniformly } from './uniform.ts';

const topicIds = ['t1', 't2', 't3', 't4', 't5'];

interface Shape {
  readonly partitionCounts: readonly number[];
  /** By member: the indexes of its topics. */
  readonly subscriptions: readonly (readonly number[])[];
}

const subscription = fc.subarray([0, 1, 2, 3, 4], { minLength: 0 });
const shapes: fc.Arbitrary<Shape> = fc.record({
  partitionCounts: fc.array(fc.nat(9), { minLength: 5, maxLength: 5 }),
  subscriptions: fc.oneof(
    fc.array(subscription, { minLength: 1, maxLength: 8 }),
    fc
      .tuple(fc.integer({ min: 1, max: 8 }), subscription)
      .map(([count, one]) => Array.from({ length: count }, () => one)),
  ),
});

function inputOf(shape: Shape, former: ReadonlyMap<string, TopicPartitions>, staticEvery = 0): AssignorInput {
  const members: AssignedMember[] = shape.subscriptions.map((topics, index) => ({
    memberId: `m${index}`,
    instanceId: staticEvery > 0 && index % staticEvery === 0 ? `i${9 - index}` : null,
    topicIds: new Set(topics.map((topic) => topicIds[topic] as string)),
    target: former.get(`m${index}`) ?? new Map(),
  }));
  const subscribed = new Set(members.flatMap((member) => [...member.topicIds]));
  const counts = topicIds.map((topicId, index) => [topicId, shape.partitionCounts[index] ?? 0] as const);
  return { members, partitionCounts: new Map(counts.filter(([topicId]) => subscribed.has(topicId))) };
}

/** Who has each partition; fails where two have one. */
function ownersOf(assignment: ReadonlyMap<string, TopicPartitions>): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  for (const [memberId, topics] of assignment) {
    for (const [topicId, partitions] of topics) {
      for (const partition of partitions) {
        expect(owners.has(`${topicId}-${partition}`)).toBe(false);
        owners.set(`${topicId}-${partition}`, memberId);
      }
    }
  }
  return owners;
}

function checkWhole(
  { members, partitionCounts }: AssignorInput,
  assignment: ReadonlyMap<string, TopicPartitions>,
): void {
  const owners = ownersOf(assignment);
  const all = [...partitionCounts].flatMap(([topicId, count]) =>
    Array.from({ length: count }, (_, partition) => `${topicId}-${partition}`),
  );
  expect([...owners.keys()].sort()).toEqual(all.sort());
  for (const member of members) {
    for (const topicId of assignment.get(member.memberId)?.keys() ?? [])
      expect(member.topicIds.has(topicId)).toBe(true);
  }
}

describe.each([
  ['uniform', assignUniformly],
  ['range', assignRanges],
] satisfies [string, Assignor][])('%s', (_name, assign) => {
  test('gives every partition to one subscriber, the same way each time', () => {
    fc.assert(
      fc.property(shapes, shapes, fc.nat(3), (before, after, staticEvery) => {
        const former = assign(inputOf(before, new Map(), staticEvery));
        const input = inputOf(after, former, staticEvery);
        const assignment = assign(input);
        checkWhole(input, assignment);
        expect(assign(input)).toEqual(assignment);
      }),
    );
  });
});

describe('uniform', () => {
  test('is balanced: no subscriber of a partition has two fewer than its owner', () => {
    fc.assert(
      fc.property(shapes, shapes, (before, after) => {
        const input = inputOf(after, assignUniformly(inputOf(before, new Map())));
        const assignment = assignUniformly(input);
        const count = (memberId: string): number => partitionCountOf(assignment.get(memberId) ?? new Map());
        for (const owner of input.members) {
          for (const topicId of assignment.get(owner.memberId)?.keys() ?? []) {
            for (const other of input.members) {
              if (!other.topicIds.has(topicId)) continue;
              expect(count(owner.memberId) - count(other.memberId)).toBeLessThanOrEqual(1);
            }
          }
        }
      }),
    );
  });

  test('moves nothing where nothing changes', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const first = assignUniformly(inputOf(shape, new Map()));
        expect(ownersOf(assignUniformly(inputOf(shape, first)))).toEqual(ownersOf(first));
      }),
    );
  });

  test('moves no more than it must when a member joins or leaves a group of equals', () => {
    const sizes = fc.record({ members: fc.integer({ min: 1, max: 9 }), partitions: fc.integer({ min: 1, max: 40 }) });
    fc.assert(
      fc.property(sizes, fc.boolean(), ({ members, partitions }, isJoin) => {
        const shape = (count: number): Shape => ({
          partitionCounts: [partitions, 0, 0, 0, 0],
          subscriptions: Array.from({ length: count }, () => [0]),
        });
        const [from, to] = isJoin ? [members, members + 1] : [members + 1, members];
        const before = assignUniformly(inputOf(shape(from), new Map()));
        const ownersBefore = ownersOf(before);
        const ownersAfter = ownersOf(assignUniformly(inputOf(shape(to), before)));
        const moved = [...ownersAfter].filter(([partition, owner]) => ownersBefore.get(partition) !== owner).length;
        // Who joins gets its share and nobody else anything; who leaves leaves its share.
        const newcomer = [...ownersAfter.values()].filter((owner) => owner === `m${members}`).length;
        const left = [...ownersBefore.values()].filter((owner) => owner === `m${members}`).length;
        expect(moved).toBe(isJoin ? newcomer : left);
      }),
    );
  });
});

describe('range', () => {
  test('cuts topics of the same size alike, in runs, static members first', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 6 }),
        fc.nat(3),
        (count, members, every) => {
          const shape = {
            partitionCounts: [count, count, 0, 0, 0],
            subscriptions: Array.from({ length: members }, () => [0, 1]),
          };
          const input = inputOf(shape, new Map(), every);
          const assignment = assignRanges(input);
          for (const topics of assignment.values()) {
            expect(topics.get('t1')).toEqual(topics.get('t2'));
            const run = [...(topics.get('t1') ?? [])];
            expect(run).toEqual(run.map((_, index) => (run[0] as number) + index));
          }
          const firsts = input.members
            .filter(({ instanceId }) => instanceId !== null)
            .flatMap(({ instanceId, memberId }) => {
              const first = assignment.get(memberId)?.get('t1')?.values().next().value;
              return first === undefined ? [] : [[instanceId as string, first] as const];
            })
            .sort(([a], [b]) => (a < b ? -1 : 1));
          expect(firsts.map(([, first]) => first)).toEqual(firsts.map(([, first]) => first).sort((a, b) => a - b));
          if (firsts.length > 0) expect(firsts[0]?.[1]).toBe(0);
        },
      ),
    );
  });
});
