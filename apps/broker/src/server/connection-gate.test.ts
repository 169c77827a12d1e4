import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ConnectionCounts, ConnectionGate, unlimitedConnections } from './connection-gate.ts';

const listeners = ['PLAINTEXT', 'INTERNAL'];
const addresses = ['10.0.0.1', '10.0.0.2', '10.0.0.3'];
const count = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constant(Number.POSITIVE_INFINITY));

const limits: fc.Arbitrary<ConnectionCounts> = fc.record({
  connectionsMax: count,
  connectionsPerIpMax: count,
  perIpOverrides: fc
    .dictionary(fc.constantFrom(...addresses), count)
    .map((overrides) => new Map(Object.entries(overrides))),
  creationRateMax: count,
  byListener: fc
    .dictionary(fc.constantFrom(...listeners), fc.record({ connectionsMax: count, creationRateMax: count }))
    .map((own) => new Map(Object.entries(own))),
});

type Step =
  | { readonly kind: 'enter'; readonly listener: string; readonly address: string; readonly afterMs: number }
  | { readonly kind: 'leave'; readonly index: number }
  | { readonly kind: 'limit'; readonly limits: ConnectionCounts };

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant('enter' as const),
        listener: fc.constantFrom(...listeners),
        address: fc.constantFrom(...addresses),
        afterMs: fc.integer({ min: 0, max: 700 }),
      }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('leave' as const), index: fc.nat(20) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('limit' as const), limits }) },
  ),
  { maxLength: 80 },
);

interface Open {
  readonly listener: string;
  readonly address: string;
}

/** What of the limits, its pace aside, a connection would meet. */
function met(open: readonly Open[], { listener, address }: Open, is: ConnectionCounts): string | undefined {
  const onAddress = open.filter((each) => each.address === address).length;
  if (onAddress >= (is.perIpOverrides.get(address) ?? is.connectionsPerIpMax)) return 'max.connections.per.ip';
  const onListener = open.filter((each) => each.listener === listener).length;
  const ownMax = is.byListener.get(listener)?.connectionsMax ?? Number.POSITIVE_INFINITY;
  return open.length >= is.connectionsMax || onListener >= ownMax ? 'max.connections' : undefined;
}

describe('the gate for connections', () => {
  test('counts as a list of the open ones does, and lets no more in a second than twice the rate', () => {
    fc.assert(
      fc.property(limits, steps, (first, all) => {
        const gate = new ConnectionGate(first);
        let inForce = first;
        let nowMs = 0;
        const open: Open[] = [];
        let entries: { readonly atMs: number; readonly listener: string }[] = [];
        for (const step of all) {
          if (step.kind === 'limit') {
            gate.limit(step.limits);
            inForce = step.limits;
            entries = [];
          } else if (step.kind === 'leave') {
            const [left] = open.splice(step.index, 1);
            if (left) gate.leave(left.listener, left.address);
          } else {
            nowMs += step.afterMs;
            const limit = gate.enter(step.listener, step.address, nowMs);
            const expected = met(open, step, inForce);
            if (expected !== undefined || limit !== 'max.connection.creation.rate') expect(limit).toBe(expected);
            if (limit === undefined) {
              open.push(step);
              entries.push({ atMs: nowMs, listener: step.listener });
            }
            const recent = entries.filter(({ atMs }) => nowMs - atMs < 1000);
            expect(recent.length).toBeLessThanOrEqual(2 * inForce.creationRateMax);
            const own = inForce.byListener.get(step.listener)?.creationRateMax ?? Number.POSITIVE_INFINITY;
            expect(recent.filter(({ listener }) => listener === step.listener).length).toBeLessThanOrEqual(2 * own);
          }
          expect(gate.openCount).toBe(open.length);
        }
      }),
    );
  });

  test('who keeps to the rate is always let in, who does not only now and then', () => {
    const gate = new ConnectionGate({ ...unlimitedConnections, creationRateMax: 10 });
    const enterAll = (count: number, everyMs: number, fromMs: number): number =>
      Array.from({ length: count }, (_, at) => gate.enter('PLAINTEXT', 'a', fromMs + at * everyMs)).filter(
        (limit) => limit === undefined,
      ).length;
    expect(enterAll(100, 100, 1000)).toBe(100);
    expect(enterAll(1000, 10, 20_000)).toBe(10 + 99);
  });

  test('an override may be above the limit of others, who may be allowed none at all', () => {
    const gate = new ConnectionGate({
      ...unlimitedConnections,
      connectionsPerIpMax: 0,
      perIpOverrides: new Map([['10.0.0.1', 2]]),
    });
    const enter = (address: string) => gate.enter('PLAINTEXT', address, 0);
    expect(['10.0.0.1', '10.0.0.1', '10.0.0.1', '10.0.0.2'].map(enter)).toEqual([
      undefined,
      undefined,
      'max.connections.per.ip',
      'max.connections.per.ip',
    ]);
  });
});
