import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SimClock } from '../sim/sim-clock.ts';
import { isThrottled, ReplicationThrottle } from './replication-throttle.ts';

test('over any time no more is let through than the rate, a second of burst, and the one that overdraws', async () => {
  const moves = fc.array(
    fc.record({ bytes: fc.integer({ min: 0, max: 5000 }), pauseMs: fc.integer({ min: 0, max: 3000 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 4000 }), moves, async (rate, asked) => {
      const clock = new SimClock();
      const throttle = new ReplicationThrottle(clock, () => rate);
      const fromMs = clock.monotonicMs();
      let [moved, largest] = [0, 0];
      for (const { bytes, pauseMs } of asked) {
        expect(throttle.waitMs() > 0).toBe(throttle.isExceeded());
        if (!throttle.isExceeded()) {
          throttle.record(bytes);
          [moved, largest] = [moved + bytes, Math.max(largest, bytes)];
        }
        const passedMs = clock.monotonicMs() - fromMs;
        expect(moved).toBeLessThanOrEqual(rate + (rate * passedMs) / 1000 + largest + 1e-6);
        await clock.advance(pauseMs);
      }
    }),
  );
});

test('who has waited as long as was said may go on; a rate of nothing is for ever, none is never', async () => {
  const clock = new SimClock();
  let rate: number | undefined = 1000;
  const throttle = new ReplicationThrottle(clock, () => rate);
  expect(throttle.isExceeded()).toBe(false);
  throttle.record(3000);
  expect(throttle.isExceeded()).toBe(true);
  await clock.advance(throttle.waitMs());
  expect(throttle.isExceeded()).toBe(false);
  rate = 0;
  await clock.advance(1);
  expect(throttle.waitMs()).toBe(Number.POSITIVE_INFINITY);
  rate = undefined;
  expect([throttle.isOn, throttle.isExceeded(), throttle.waitMs()]).toEqual([false, false, 0]);
});

test('replicas are named as partition and broker, or all of them', () => {
  expect(isThrottled(undefined, 0, 1)).toBe(false);
  expect(isThrottled('all', 0, 1)).toBe(true);
  expect(isThrottled(new Set(['0:1']), 0, 1)).toBe(true);
  expect(isThrottled(new Set(['0:1']), 1, 0)).toBe(false);
});
