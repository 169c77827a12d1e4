import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Timer } from '../ports/clock.ts';
import { ManualClock } from './manual-clock.test-support.ts';
import { TimerWheel } from './timer-wheel.ts';

describe('TimerWheel', () => {
  it('runs each deadline once, in order, never early and within a tick, near and far', () => {
    const far = 3 * 256 ** 3;
    const delay = fc.oneof(fc.integer({ min: 0, max: 600 }), fc.integer({ min: 0, max: 200_000 }), fc.nat(far));
    fc.assert(
      fc.property(fc.nat(2 ** 34), fc.array(delay, { minLength: 1, maxLength: 40 }), (startMs, delays) => {
        const clock = new ManualClock(startMs + 0.25);
        const wheel = new TimerWheel(clock);
        const fired: number[] = [];
        for (const delayMs of delays) {
          const deadlineMs = clock.monotonicMs() + delayMs;
          wheel.schedule(deadlineMs, () => {
            expect(clock.monotonicMs()).toBeGreaterThanOrEqual(deadlineMs);
            expect(clock.monotonicMs()).toBeLessThanOrEqual(deadlineMs + 2);
            fired.push(delayMs);
          });
        }
        clock.advanceTo(startMs + far + 10);
        expect(fired).toEqual([...delays].sort((a, b) => a - b));
        expect([wheel.size, clock.pending]).toEqual([0, 0]);
      }),
      { numRuns: 200 },
    );
  });

  it('agrees with a plain list under any mix of adding, cancelling and waiting', () => {
    const step = fc.record({
      delayMs: fc.nat(3000),
      waitMs: fc.nat(700),
      cancel: fc.option(fc.nat(60), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const clock = new ManualClock(77.5);
        const wheel = new TimerWheel(clock);
        const timers: { readonly deadlineMs: number; readonly timer: Timer; state: 'waiting' | 'ran' | 'cancelled' }[] =
          [];
        for (const { delayMs, waitMs, cancel } of steps) {
          const deadlineMs = clock.monotonicMs() + delayMs;
          const timer = wheel.schedule(deadlineMs, () => {
            expect(entry.state).toBe('waiting');
            entry.state = 'ran';
          });
          const entry: (typeof timers)[number] = { deadlineMs, timer, state: 'waiting' };
          timers.push(entry);
          const victim = cancel === undefined ? undefined : timers[cancel];
          if (victim?.state === 'waiting') victim.state = 'cancelled';
          victim?.timer.cancel();
          clock.advanceTo(clock.monotonicMs() + waitMs);
          for (const each of timers) {
            if (each.state === 'cancelled') continue;
            if (each.deadlineMs + 2 <= clock.monotonicMs()) expect(each.state).toBe('ran');
            if (each.deadlineMs > clock.monotonicMs()) expect(each.state).toBe('waiting');
          }
          expect(wheel.size).toBe(timers.filter((each) => each.state === 'waiting').length);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('lets a callback cancel its neighbour and schedule anew', () => {
    const clock = new ManualClock();
    const wheel = new TimerWheel(clock);
    const ran: string[] = [];
    const both: Timer[] = [];
    const cancelBoth = (name: string): void => {
      ran.push(name);
      for (const timer of both) timer.cancel();
    };
    both.push(
      wheel.schedule(5, () => cancelBoth('a')),
      wheel.schedule(5, () => cancelBoth('b')),
    );
    wheel.schedule(5.5, () => void wheel.schedule(clock.monotonicMs(), () => ran.push('again')));
    clock.advanceTo(10);
    expect(ran).toHaveLength(2);
    expect(ran[1]).toBe('again');
  });

  it('costs nothing while nothing waits, and few wakes for a long wait', () => {
    const clock = new ManualClock();
    const wheel = new TimerWheel(clock);
    clock.advanceTo(60_000);
    expect(clock.armed).toBe(0);
    wheel.schedule(clock.monotonicMs() + 30_000, () => {});
    clock.advanceTo(200_000);
    expect(clock.armed).toBeLessThan(5);
    expect(clock.pending).toBe(0);
  });
});
