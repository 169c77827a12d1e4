import { ErrorCode } from '@ks/protocol';
import { describe, expect, test } from 'vitest';
import { brokerImage, clusterImage, partitionImage, topicImage } from '../../../tests/cluster-image.ts';
import type { PartitionImage } from '../metadata/image.ts';
import { type ElectionType, type PartitionDecision, planLeaderElection } from './leader-changes.ts';
import { planReassignment } from './reassignments.ts';

function imageOf(partition: Partial<PartitionImage>, dead: readonly number[] = []) {
  const partitions = [partitionImage(0, { leaderEpoch: 5, partitionEpoch: 9, ...partition })];
  const brokers = [0, 1, 2, 3].map((id) => brokerImage(id, { fenced: dead.includes(id) }));
  return clusterImage([topicImage('t', partitions)], {
    brokers: new Map(brokers.map((broker) => [broker.brokerId, broker])),
  });
}

/** The error code, or what the partition is to become. */
function outcome(decision: PartitionDecision): unknown {
  return decision.type === 'change'
    ? decision.change.to
    : decision.type === 'refused'
      ? decision.errorCode
      : 'unchanged';
}

const trio = { replicas: [2, 0, 1], isr: [0, 1, 2] };

describe('an election that a client asks for', () => {
  const elect = (type: ElectionType, partition: Partial<PartitionImage>, dead: readonly number[] = []) =>
    outcome(planLeaderElection({ topic: 't', partitionIndex: 0 }, type, imageOf(partition, dead)));

  test('makes the preferred replica the leader where it is in sync', () => {
    expect(elect('preferred', trio)).toMatchObject({ leader: 2, isr: [0, 1, 2], leaderEpoch: 6, partitionEpoch: 10 });
    expect(elect('preferred', { ...trio, leader: 2 })).toBe(ErrorCode.ELECTION_NOT_NEEDED);
    expect(elect('preferred', { ...trio, isr: [0, 1] })).toBe(ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE);
    expect(elect('preferred', trio, [2])).toBe(ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE);
  });

  test('takes any live replica where there is no leader, one in sync before others', () => {
    expect(elect('unclean', trio)).toBe(ErrorCode.ELECTION_NOT_NEEDED);
    expect(elect('unclean', { ...trio, leader: -1, isr: [1] })).toMatchObject({ leader: 1, isr: [1] });
    expect(elect('unclean', { ...trio, leader: -1, isr: [1] }, [1])).toMatchObject({ leader: 2, isr: [2] });
    expect(elect('unclean', { ...trio, leader: -1, isr: [] }, [0, 1, 2])).toBe(
      ErrorCode.ELIGIBLE_LEADERS_NOT_AVAILABLE,
    );
  });

  test('needs a partition that is there', () => {
    const ask = (topic: string, partitionIndex: number) =>
      outcome(planLeaderElection({ topic, partitionIndex }, 'preferred', imageOf({})));
    expect([ask('t', 1), ask('t', -1), ask('u', 0)]).toEqual([3, 3, 3]);
  });
});

describe('a reassignment', () => {
  const reassign = (replicas: readonly number[] | null, partition: Partial<PartitionImage> = trio, mayChange = true) =>
    outcome(planReassignment({ topic: 't', partitionIndex: 0, replicas }, imageOf(partition), mayChange));

  test('to the same replicas changes nothing, to another order or fewer at once', () => {
    expect(reassign([2, 0, 1])).toBe('unchanged');
    expect(reassign([0, 1, 2])).toMatchObject({ replicas: [0, 1, 2], leader: 0, leaderEpoch: 5, partitionEpoch: 10 });
    expect(reassign([1, 2])).toMatchObject({ replicas: [1, 2], isr: [1, 2], leader: 1, leaderEpoch: 6 });
  });

  test('is refused where it cannot be', () => {
    const refused = ErrorCode.INVALID_REPLICA_ASSIGNMENT;
    expect([reassign([]), reassign([0, 0]), reassign([0, 9]), reassign([-1])]).toEqual(Array(4).fill(refused));
    expect(reassign([0, 1, 3])).toBe(refused);
    expect(reassign([1], { ...trio, isr: [0] })).toBe(refused);
    expect(reassign([0, 1], trio, false)).toBe(ErrorCode.INVALID_REPLICATION_FACTOR);
    expect(reassign(null)).toBe(ErrorCode.NO_REASSIGNMENT_IN_PROGRESS);
    const missing = planReassignment({ topic: 't', partitionIndex: 7, replicas: [0] }, imageOf({}), true);
    expect(outcome(missing)).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  });
});
