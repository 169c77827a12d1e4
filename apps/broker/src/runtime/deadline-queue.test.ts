import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DeadlineQueue } from './deadline-queue.ts';
import { ManualClock } from './manual-clock.test-support.ts';

describe('a queue of deadlines', () => {
  test('moves a deadline away without a timer of its own', () => {
    const clock = new ManualClock();
    const served: string[] = [];
    const queue = new DeadlineQueue(clock, (keys) => served.push(...keys));
    queue.set('a', 100);
    for (let at = 101; at < 200; at++) queue.set('a', at);
    expect(clock.armed).toBe(1);
    clock.advanceTo(198);
    expect(served).toEqual([]);
    clock.advanceTo(199);
    expect(served).toEqual(['a']);
  });

  test('has no timer when nothing is due', () => {
    const clock = new ManualClock();
    const queue = new DeadlineQueue(clock, () => {});
    queue.set('a', 100);
    queue.set('a', undefined);
    expect(clock.pending).toBe(0);
  });

  test('serves every deadline in the time it was set to last, and none that was taken back', () => {
    const operation = fc.record({ key: fc.nat(5), atMs: fc.option(fc.nat(50), { nil: undefined }), wait: fc.nat(5) });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
        const clock = new ManualClock();
        const expected = new Map<string, number>();
        const queue = new DeadlineQueue(clock, (keys) => {
          for (const key of keys) {
            const atMs = expected.get(key);
            expect(atMs).toBeLessThanOrEqual(clock.monotonicMs());
            expected.delete(key);
          }
        });
        for (const { key, atMs, wait } of operations) {
          const at = atMs === undefined ? undefined : clock.monotonicMs() + atMs;
          if (at === undefined) expected.delete(`${key}`);
          else expected.set(`${key}`, at);
          queue.set(`${key}`, at);
          clock.advanceTo(clock.monotonicMs() + wait);
          for (const [, due] of expected) expect(due).toBeGreaterThan(clock.monotonicMs());
          expect(queue.size).toBe(expected.size);
        }
      }),
    );
  });
});
