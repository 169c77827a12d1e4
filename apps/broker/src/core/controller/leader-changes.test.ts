import { ErrorCode } from '@ks/protocol';
import { describe, expect, test } from 'vitest';
import { brokerImage, clusterImage, partitionImage, topicImage } from '../../../tests/cluster-image.ts';
import type { BrokerImage, PartitionImage } from '../metadata/image.ts';
import {
  type ElectionType,
  type PartitionDecision,
  planLeaderElection,
  planPreferredLeaders,
} from './leader-changes.ts';

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
    const leaderless = { ...trio, leader: -1, isr: [], elr: [1, 0], lastKnownElr: [1] };
    expect(elect('unclean', leaderless)).toMatchObject({ leader: 0, isr: [0], elr: [1] });
    expect(elect('unclean', leaderless, [0, 1])).toMatchObject({ leader: 2, isr: [2], elr: [], lastKnownElr: [] });
    expect(elect('unclean', { ...leaderless, elr: [] })).toMatchObject({ leader: 1, isr: [1] });
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

describe('moving leadership back', () => {
  test('takes every partition whose preferred replica is in sync and to stay, and no more than asked for', () => {
    const partitions = [
      partitionImage(0, trio),
      partitionImage(1, { ...trio, leader: 2 }),
      partitionImage(2, { ...trio, isr: [0, 1] }),
      partitionImage(3, { ...trio, leader: -1 }),
      partitionImage(4, trio),
    ];
    const imageWith = (broker: Partial<BrokerImage>) => {
      const brokers = [brokerImage(0), brokerImage(1), brokerImage(2, broker)];
      return clusterImage([topicImage('t', partitions)], { brokers: new Map(brokers.map((each, id) => [id, each])) });
    };
    const moved = (max: number, broker: Partial<BrokerImage> = {}) =>
      planPreferredLeaders(imageWith(broker), max).map(({ from, to }) => [
        from.partitionIndex,
        to.leader,
        to.leaderEpoch,
      ]);
    expect(moved(10)).toEqual([
      [0, 2, 1],
      [4, 2, 1],
    ]);
    expect(moved(1)).toEqual([[0, 2, 1]]);
    expect(moved(10, { inControlledShutdown: true })).toEqual([]);
    expect(moved(10, { fenced: true, brokerEpoch: -1 })).toEqual([]);
    expect(moved(10, { uncleanBirth: true, brokerEpoch: 9 })).toEqual([]);
  });
});
