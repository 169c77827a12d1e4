import { ErrorCode } from '@ks/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { brokerImage, clusterImage, partitionImage, topicImage } from '../../../tests/cluster-image.ts';
import type { ClusterImage, PartitionImage } from '../metadata/image.ts';
import type { PartitionDecision } from './leader-changes.ts';
import { isMoving, planCompletedMoves, planReassignment } from './reassignments.ts';

const trio = { replicas: [2, 0, 1], isr: [0, 1, 2] };

function imageOf(partition: Partial<PartitionImage>, dead: readonly number[] = []): ClusterImage {
  const partitions = [partitionImage(0, { leaderEpoch: 5, partitionEpoch: 9, ...partition })];
  const brokers = [0, 1, 2, 3, 4, 5].map((id) => brokerImage(id, { fenced: dead.includes(id) }));
  return clusterImage([topicImage('t', partitions)], {
    brokers: new Map(brokers.map((each) => [each.brokerId, each])),
  });
}

/** The error code, or what the partition is to become. */
function outcome(decision: PartitionDecision): unknown {
  if (decision.type === 'refused') return decision.errorCode;
  return decision.type === 'change' ? decision.change.to : 'unchanged';
}

const reassign = (replicas: readonly number[] | null, partition: Partial<PartitionImage> = trio, mayChange = true) =>
  outcome(planReassignment({ topic: 't', partitionIndex: 0, replicas }, imageOf(partition), mayChange));
const complete = (partition: Partial<PartitionImage>, dead: readonly number[] = []) => {
  const image = imageOf(partition, dead);
  return planCompletedMoves(image.topicsByName.values(), image)[0]?.to;
};

describe('a reassignment', () => {
  test('to the same replicas changes nothing, to another order or fewer at once', () => {
    expect(reassign([2, 0, 1])).toBe('unchanged');
    expect(reassign([0, 1, 2])).toMatchObject({ replicas: [0, 1, 2], leader: 0, leaderEpoch: 5, partitionEpoch: 10 });
    expect(reassign([1, 2])).toMatchObject({ replicas: [1, 2], isr: [1, 2], leader: 1, leaderEpoch: 6 });
  });

  test('to other brokers begins with both sets, and ends when all new ones are in sync', () => {
    const begun = { replicas: [3, 4, 0, 2, 1], addingReplicas: [3, 4], removingReplicas: [2, 1], isr: [0, 1, 2] };
    expect(reassign([3, 4, 0])).toMatchObject({ ...begun, leader: 0, leaderEpoch: 5, partitionEpoch: 10 });
    expect(complete(begun)).toBeUndefined();
    expect(complete({ ...begun, isr: [0, 1, 2, 3] })).toBeUndefined();
    const done = { addingReplicas: [], removingReplicas: [], partitionEpoch: 10 };
    const caughtUp = { ...begun, isr: [0, 1, 2, 3, 4] };
    expect(complete(caughtUp)).toMatchObject({
      ...done,
      replicas: [3, 4, 0],
      isr: [0, 3, 4],
      leader: 0,
      leaderEpoch: 6,
    });
    expect(complete({ ...caughtUp, leader: 1 })).toMatchObject({ ...done, leader: 3, leaderEpoch: 6 });
    expect(complete({ ...caughtUp, leader: 1 }, [3])).toMatchObject({ ...done, leader: 4 });
  });

  test('gives a leader that was born anew an epoch of its own, and leaves out who lost its tail', () => {
    const reborn = (id: number, uncleanBirth = false) => brokerImage(id, { brokerEpoch: 60, uncleanBirth });
    const planned = (partition: Partial<PartitionImage>, born: ReturnType<typeof brokerImage>) => {
      const image = imageOf({ ...trio, leader: 0, modRevision: 50, ...partition });
      const brokers = new Map([...image.brokers, [born.brokerId, born]]);
      return outcome(
        planReassignment({ topic: 't', partitionIndex: 0, replicas: [3, 0] }, { ...image, brokers }, true),
      );
    };
    expect(planned({}, reborn(0))).toMatchObject({ leader: 0, leaderEpoch: 6 });
    expect(planned({}, reborn(1))).toMatchObject({ leader: 0, leaderEpoch: 5 });
    expect(planned({ isr: [0, 2], elr: [1] }, reborn(1, true))).toMatchObject({ isr: [0, 2], elr: [] });
  });

  test('to fewer replicas of which none is in sync waits for one', () => {
    const begun = { replicas: [1, 2, 0], addingReplicas: [], removingReplicas: [2, 0], isr: [0] };
    expect(reassign([1], { ...trio, isr: [0] })).toMatchObject({ ...begun, leader: 0, leaderEpoch: 5 });
    expect(complete(begun)).toBeUndefined();
    expect(complete({ ...begun, isr: [0, 1] })).toMatchObject({ replicas: [1], isr: [1], leader: 1, leaderEpoch: 6 });
  });

  test('can be cancelled, which leaves the replicas that were there, or replaced by another', () => {
    const moving = { replicas: [3, 0, 2, 1], addingReplicas: [3], removingReplicas: [2, 1], isr: [0, 1, 2] };
    const cancelled = { addingReplicas: [], removingReplicas: [], replicas: [0, 2, 1], isr: [0, 1, 2], leader: 0 };
    expect(reassign(null, moving)).toMatchObject(cancelled);
    expect(reassign(null, { ...moving, isr: [3, 0, 1], leader: 3 })).toMatchObject({ leader: 0, leaderEpoch: 6 });
    expect(reassign([4, 0], moving)).toMatchObject({
      ...{ replicas: [4, 0, 2, 1], addingReplicas: [4], removingReplicas: [2, 1], isr: [0, 1, 2], leader: 0 },
    });
    expect(reassign([3, 4, 0], moving)).toMatchObject({ addingReplicas: [3, 4], removingReplicas: [2, 1] });
  });

  test('is refused where it cannot be', () => {
    const refused = ErrorCode.INVALID_REPLICA_ASSIGNMENT;
    expect([reassign([]), reassign([0, 0]), reassign([0, 9]), reassign([-1])]).toEqual(Array(4).fill(refused));
    expect(reassign([0, 1], trio, false)).toBe(ErrorCode.INVALID_REPLICATION_FACTOR);
    expect(reassign(null)).toBe(ErrorCode.NO_REASSIGNMENT_IN_PROGRESS);
    const lost = { replicas: [3, 0], addingReplicas: [3], removingReplicas: [], isr: [3], leader: 3 };
    expect(reassign(null, lost)).toBe(refused);
    const missing = planReassignment({ topic: 't', partitionIndex: 7, replicas: [0] }, imageOf({}), true);
    expect(outcome(missing)).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  });
});

const someBrokers = fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 1, maxLength: 4 });
const step = fc.oneof(
  fc.record({ type: fc.constant('reassign' as const), replicas: someBrokers }),
  fc.record({ type: fc.constant('cancel' as const) }),
  fc.record({ type: fc.constant('join' as const), nth: fc.nat(5) }),
  fc.record({ type: fc.constant('leave' as const), nth: fc.nat(5) }),
  fc.record({ type: fc.constant('complete' as const) }),
);

test('whatever moves begin, end and are cancelled while replicas come and go: the records stay sound, and a move ends where it was to', () => {
  fc.assert(
    fc.property(someBrokers, fc.array(step, { maxLength: 30 }), (first, steps) => {
      const [leader = 0] = first;
      let partition = partitionImage(0, { replicas: first, isr: [...first], leader });
      let target: readonly number[] = first;
      const apply = (to: Omit<PartitionImage, 'partitionIndex' | 'modRevision'> | undefined) => {
        if (to === undefined) return;
        const gone = partition.replicas.some((id) => !to.replicas.includes(id));
        if (gone || to.leader !== partition.leader) expect(to.leaderEpoch).toBe(partition.leaderEpoch + 1);
        partition = { ...partition, ...to, modRevision: partition.modRevision + 1 };
      };
      for (const each of steps) {
        const image = imageOf(partition);
        if (each.type === 'reassign' || each.type === 'cancel') {
          const replicas = each.type === 'cancel' ? null : each.replicas;
          const decision = planReassignment({ topic: 't', partitionIndex: 0, replicas }, image, true);
          if (decision.type === 'refused') continue;
          target = replicas ?? partition.replicas.filter((id) => !partition.addingReplicas.includes(id));
          if (decision.type === 'change') apply(decision.change.to);
        } else if (each.type === 'join') {
          const id = partition.replicas[each.nth % partition.replicas.length] ?? 0;
          partition = { ...partition, isr: [...new Set([...partition.isr, id])] };
        } else if (each.type === 'leave') {
          const others = partition.isr.filter((id) => id !== partition.leader);
          partition = { ...partition, isr: partition.isr.filter((id) => id !== others[each.nth % others.length]) };
        } else apply(planCompletedMoves(image.topicsByName.values(), image)[0]?.to);
        const { replicas, isr, addingReplicas, removingReplicas } = partition;
        expect(new Set(replicas).size).toBe(replicas.length);
        expect([...isr, ...addingReplicas, ...removingReplicas].filter((id) => !replicas.includes(id))).toEqual([]);
        expect(isr).toContain(partition.leader);
        if (!isMoving(partition)) expect([...replicas].sort()).toEqual([...target].sort());
        else expect(replicas.filter((id) => !removingReplicas.includes(id))).toEqual(target);
      }
    }),
    { numRuns: 2000 },
  );
});
