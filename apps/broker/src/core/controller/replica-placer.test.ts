import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Placement, placeReplicas } from './replica-placer.ts';

const brokers = (count: number, hosts = count, racks = 1): Placement['brokers'] =>
  Array.from({ length: count }, (_, id) => ({
    brokerId: id,
    host: `h${id % hosts}`,
    rack: racks === 0 ? null : `r${id % racks}`,
  }));

const placement = fc
  .record({
    count: fc.integer({ min: 1, max: 12 }),
    hosts: fc.integer({ min: 1, max: 12 }),
    racks: fc.nat(4),
    partitionCount: fc.integer({ min: 1, max: 60 }),
    start: fc.nat(1000),
    factor: fc.nat(),
  })
  .map(({ count, hosts, racks, partitionCount, start, factor }) => ({
    brokers: brokers(count, hosts, racks),
    partitionCount,
    replicationFactor: 1 + (factor % count),
    start,
  }));

const spread = (all: readonly number[]) => Math.max(...all) - Math.min(...all);
const countBy = (ids: readonly number[], of: Placement['brokers']) =>
  of.map((broker) => ids.filter((id) => id === broker.brokerId).length);

describe('replicas', () => {
  test('of a partition are distinct brokers, as many as asked for', () => {
    fc.assert(
      fc.property(placement, (asked) => {
        const placed = placeReplicas(asked);
        expect(placed).toHaveLength(asked.partitionCount);
        for (const replicas of placed) {
          expect(new Set(replicas).size).toBe(asked.replicationFactor);
          expect(replicas.every((id) => asked.brokers.some((broker) => broker.brokerId === id))).toBe(true);
        }
      }),
    );
  });

  test('share a machine only when every machine has one', () => {
    fc.assert(
      fc.property(placement, (asked) => {
        const hostOf = new Map(asked.brokers.map((broker) => [broker.brokerId, broker.host]));
        const hosts = new Set(hostOf.values()).size;
        for (const replicas of placeReplicas(asked)) {
          expect(new Set(replicas.map((id) => hostOf.get(id))).size).toBe(Math.min(hosts, asked.replicationFactor));
        }
      }),
    );
  });

  test('are spread over racks where each broker has its own machine', () => {
    for (const factor of [2, 3]) {
      for (const replicas of placeReplicas({
        brokers: brokers(9, 9, 3),
        partitionCount: 50,
        replicationFactor: factor,
        start: 4,
      })) {
        expect(new Set(replicas.map((id) => id % 3)).size).toBe(factor);
      }
    }
  });

  test('lead in turn, so that leaders differ by one partition at most', () => {
    fc.assert(
      fc.property(placement, (asked) => {
        const leaders = placeReplicas(asked).map((replicas) => replicas[0] ?? -1);
        expect(spread(countBy(leaders, asked.brokers))).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('follow evenly too', () => {
    const asked = { brokers: brokers(5), partitionCount: 100, replicationFactor: 3, start: 0 };
    expect(spread(countBy(placeReplicas(asked).flat(), asked.brokers))).toBeLessThanOrEqual(4);
  });

  test('cannot be more than the brokers', () => {
    expect(() => placeReplicas({ brokers: brokers(2), partitionCount: 1, replicationFactor: 3, start: 0 })).toThrow(
      RangeError,
    );
    expect(() => placeReplicas({ brokers: [], partitionCount: 1, replicationFactor: 1, start: 0 })).toThrow(RangeError);
  });
});
