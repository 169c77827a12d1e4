import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { brokerImage, clusterImage, partitionImage, topicImage } from '../../../tests/cluster-image.ts';
import { type BrokerImage, mayLead, type PartitionImage } from '../metadata/image.ts';
import { isActive, lostItsTail } from '../metadata/lives.ts';
import { type ElectionRules, planElections } from './elections.ts';

const strict: ElectionRules = { minInsyncReplicas: 1, uncleanLeaderElection: false };
const alive = (id: number, brokerEpoch = 1, uncleanBirth = false) => brokerImage(id, { brokerEpoch, uncleanBirth });
const dead = (id: number) => brokerImage(id, { brokerEpoch: -1, fenced: true });

function plan(partition: Partial<PartitionImage>, brokers: readonly BrokerImage[], rules: Partial<ElectionRules> = {}) {
  const image = clusterImage(
    [topicImage('t', [partitionImage(0, { modRevision: 50, leaderEpoch: 5, partitionEpoch: 9, ...partition })])],
    {
      brokers: new Map(brokers.map((broker) => [broker.brokerId, broker])),
    },
  );
  const changes = planElections(image, () => ({ ...strict, ...rules }));
  expect(changes.length).toBeLessThanOrEqual(1);
  return changes[0] && { ...changes[0].to, dataLossPossible: changes[0].dataLossPossible };
}
const trio = { replicas: [0, 1, 2], isr: [0, 1, 2] };

describe('elections', () => {
  test('leave a partition alone that is as it should be', () => {
    expect(plan({}, [alive(0)])).toBeUndefined();
    expect(plan(trio, [alive(0), alive(1), alive(2)])).toBeUndefined();
  });

  test('at a clean birth the only replica leads again, one epoch on', () => {
    expect(plan({}, [alive(0, 60)])).toMatchObject({
      leader: 0,
      leaderEpoch: 6,
      partitionEpoch: 10,
      isr: [0],
      dataLossPossible: false,
    });
  });

  test('at an unclean birth the last known leader alone is elected, and that is told', () => {
    expect(plan({}, [alive(0, 60, true)])).toMatchObject({
      leader: 0,
      leaderEpoch: 6,
      isr: [0],
      elr: [],
      dataLossPossible: true,
    });
    expect(plan({ leader: -1, isr: [], elr: [0], lastKnownElr: [0] }, [alive(0, 60, true)])).toMatchObject({
      leader: 0,
      isr: [0],
      dataLossPossible: true,
    });
  });

  test('an unclean birth that nobody acted on counts over the deaths and the clean births that follow it', () => {
    const clean = brokerImage(0, { brokerEpoch: 70, uncleanEpoch: 60 });
    expect(plan(trio, [clean, alive(1), alive(2)])).toMatchObject({ leader: 1, isr: [1, 2], elr: [] });
    expect(plan({ ...trio, modRevision: 65 }, [clean, alive(1), alive(2)])).toMatchObject({ isr: [0, 1, 2] });
    const deadSince = brokerImage(0, { brokerEpoch: -1, fenced: true, uncleanBirth: true, uncleanEpoch: 60 });
    const rules = { minInsyncReplicas: 3 };
    expect(plan(trio, [deadSince, alive(1), alive(2)], rules)).toMatchObject({ isr: [1, 2], elr: [] });
    expect(plan({ ...trio, modRevision: 65 }, [deadSince, alive(1), alive(2)], rules)).toMatchObject({ elr: [0] });
  });

  test('an unclean birth costs a replica its place in the in-sync set, while others have all', () => {
    expect(plan(trio, [alive(0, 60, true), alive(1), alive(2)])).toMatchObject({
      leader: 1,
      isr: [1, 2],
      elr: [],
      leaderEpoch: 6,
      dataLossPossible: false,
    });
    expect(plan(trio, [alive(0), alive(1), alive(2, 60, true)])).toMatchObject({
      leader: 0,
      isr: [0, 1],
      leaderEpoch: 5,
    });
  });

  test('an unclean birth before the record was written counts no more', () => {
    expect(plan(trio, [alive(0, 40, true), alive(1), alive(2)])).toBeUndefined();
  });

  test('a dead leader is followed by the first in-sync replica', () => {
    expect(plan(trio, [dead(0), alive(1), alive(2)])).toMatchObject({
      leader: 1,
      isr: [1, 2],
      elr: [],
      leaderEpoch: 6,
    });
    expect(plan({ ...trio, isr: [0, 2] }, [dead(0), alive(1), alive(2)])).toMatchObject({ leader: 2, isr: [2] });
  });

  test('below min ISR who leaves stays eligible (KIP-966)', () => {
    const rules = { minInsyncReplicas: 2 };
    expect(plan({ ...trio, isr: [0, 1] }, [dead(0), alive(1), alive(2)], rules)).toMatchObject({
      leader: 1,
      isr: [1],
      elr: [0],
    });
    const leaderless = { ...trio, leader: -1, isr: [], elr: [0, 1], lastKnownElr: [1] };
    expect(plan(leaderless, [alive(0, 60), dead(1), dead(2)], rules)).toMatchObject({
      leader: 0,
      isr: [0],
      elr: [1],
      dataLossPossible: false,
    });
  });

  test('nobody is elected who may lack records, and who could be is remembered', () => {
    expect(plan({ ...trio, isr: [0] }, [dead(0), alive(1), alive(2)])).toMatchObject({
      leader: -1,
      isr: [],
      elr: [0],
      lastKnownElr: [0],
      leaderEpoch: 6,
    });
    expect(
      plan({ ...trio, leader: -1, isr: [], elr: [0], lastKnownElr: [0] }, [dead(0), alive(1), alive(2)]),
    ).toBeUndefined();
  });

  test('a broker in controlled shutdown gives up its partitions and its place in sync, where another can follow', () => {
    const leaving = (id: number) => brokerImage(id, { inControlledShutdown: true });
    expect(plan(trio, [leaving(0), alive(1), alive(2)])).toMatchObject({ leader: 1, isr: [1, 2], leaderEpoch: 6 });
    expect(plan(trio, [alive(0), leaving(1), alive(2)])).toMatchObject({ leader: 0, isr: [0, 2], leaderEpoch: 5 });
    expect(plan({ ...trio, isr: [0] }, [leaving(0), alive(1), alive(2)])).toBeUndefined();
    expect(plan({ ...trio, isr: [0, 1] }, [leaving(0), leaving(1), alive(2)])).toBeUndefined();
    expect(plan({ ...trio, isr: [0, 1] }, [leaving(0), dead(1), alive(2)])).toMatchObject({ leader: 0, isr: [0] });
    const rules = { minInsyncReplicas: 2 };
    expect(plan({ ...trio, isr: [0, 1] }, [leaving(0), alive(1), alive(2)], rules)).toMatchObject({
      ...{ leader: 1, isr: [1], elr: [0] },
    });
  });

  test('unclean election is done only where it is allowed', () => {
    const leaderless = { ...trio, leader: -1, isr: [], elr: [0], lastKnownElr: [0] };
    const brokers = [dead(0), dead(1), alive(2)];
    expect(plan(leaderless, brokers)).toBeUndefined();
    expect(plan(leaderless, brokers, { uncleanLeaderElection: true })).toMatchObject({
      leader: 2,
      isr: [2],
      elr: [],
      dataLossPossible: true,
    });
  });
});

const id = fc.constantFrom<number>(0, 1, 2);
const idSet = fc.uniqueArray(id, { maxLength: 3 });
const broker = fc.oneof(
  fc.record({
    brokerEpoch: fc.integer({ min: 1, max: 99 }).filter((epoch) => epoch !== 50),
    uncleanBirth: fc.boolean(),
    fenced: fc.constant(false),
    inControlledShutdown: fc.boolean(),
  }),
  fc.constant({ brokerEpoch: -1, uncleanBirth: false, fenced: true, inControlledShutdown: false }),
);
const anyPartition = fc
  .record({ isr: idSet, elr: idSet, leader: fc.constantFrom<number>(-1, 0, 1, 2), lastKnownElr: idSet })
  .map(({ isr, elr, leader, lastKnownElr }) => ({
    replicas: [0, 1, 2],
    isr: leader >= 0 && !isr.includes(leader) ? [leader, ...isr] : isr,
    elr: elr.filter((each) => !isr.includes(each) && each !== leader),
    leader,
    lastKnownElr: lastKnownElr.slice(0, 1),
  }));

test('whatever the brokers do: who leads is alive, in sync and under an epoch of its own, and planning twice changes nothing more', () => {
  fc.assert(
    fc.property(
      anyPartition,
      fc.tuple(broker, broker, broker),
      fc.integer({ min: 1, max: 3 }),
      fc.boolean(),
      (fields, lives, minInsyncReplicas, uncleanLeaderElection) => {
        const brokers = new Map(lives.map((fields, index) => [index, brokerImage(index, fields)]));
        const rules = { minInsyncReplicas, uncleanLeaderElection };
        const before = partitionImage(0, { ...fields, leaderEpoch: 5, modRevision: 50 });
        const image = clusterImage([topicImage('t', [before])], { brokers });
        const [change] = planElections(image, () => rules);
        const after: PartitionImage = change ? { ...before, ...change.to, modRevision: 200 } : before;
        expect(planElections(clusterImage([topicImage('t', [after])], { brokers }), () => rules)).toEqual([]);
        expect(after.leaderEpoch).toBeGreaterThanOrEqual(before.leaderEpoch);
        if (after.leader !== before.leader) expect(after.leaderEpoch).toBe(before.leaderEpoch + 1);
        expect(after.isr.filter((each) => after.elr.includes(each))).toEqual([]);
        if (after.leader === -1) return;
        const leader = brokers.get(after.leader);
        expect(after.isr).toContain(after.leader);
        expect(leader?.fenced).toBe(false);
        expect(leader !== undefined && mayLead(after, leader)).toBe(true);
        const inSync = before.isr.filter((each) => !brokers.get(each)?.fenced);
        const couldStay = inSync.some((each) => isActive(brokers.get(each)) && !lostItsTail(each, before, brokers));
        if (couldStay) expect(leader?.inControlledShutdown).toBe(false);
        const wasEligible = before.isr.includes(after.leader) || before.elr.includes(after.leader);
        if (!wasEligible) expect(change?.dataLossPossible).toBe(true);
      },
    ),
    { numRuns: 3000 },
  );
});
