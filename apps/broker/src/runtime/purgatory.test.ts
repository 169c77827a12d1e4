import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock } from './manual-clock.test-support.ts';
import { Purgatory, type Waiter } from './purgatory.ts';
import { TimerWheel } from './timer-wheel.ts';

/** Waits for `needed` wakes of its keys together. */
class CountingWaiter implements Waiter<string> {
  readonly keys: readonly string[];
  finished = 0;
  woken = 0;
  readonly #needed: number;

  constructor(keys: readonly string[], needed: number) {
    this.keys = keys;
    this.#needed = needed;
  }
  isDoneAfter(): boolean {
    this.woken++;
    return this.woken >= this.#needed;
  }
  finish(): void {
    this.finished++;
  }
}

function purgatory(parkedMax = 1000): { readonly clock: ManualClock; readonly parked: Purgatory<string> } {
  const clock = new ManualClock();
  return { clock, parked: new Purgatory(new TimerWheel(clock), parkedMax) };
}

describe('Purgatory', () => {
  it('asks only those that wait for the key', () => {
    const { parked } = purgatory();
    const [a, b] = [new CountingWaiter(['a'], 9), new CountingWaiter(['b', 'c'], 2)];
    parked.park(a, 100);
    parked.park(b, 100);
    parked.wake('b');
    parked.wake('nobody');
    parked.wake('c');
    expect([a.woken, a.finished]).toEqual([0, 0]);
    expect([b.woken, b.finished]).toEqual([2, 1]);
    expect(parked.size).toBe(1);
  });

  it('finishes a waiter once when its time is over, and leaves no timer behind when it ends sooner', () => {
    const { clock, parked } = purgatory();
    const waiter = new CountingWaiter(['a'], 9);
    parked.park(waiter, 50);
    clock.advanceTo(49);
    expect(waiter.finished).toBe(0);
    clock.advanceTo(52);
    parked.finish(waiter);
    expect(waiter.finished).toBe(1);
  });

  it('finishes at once what is beyond its bound', () => {
    const { parked } = purgatory(1);
    const [first, second] = [new CountingWaiter(['a'], 1), new CountingWaiter(['a'], 1)];
    parked.park(first, 50);
    parked.park(second, 50);
    expect([first.finished, second.finished, parked.size]).toEqual([0, 1, 1]);
  });

  it('lets a waiter that finishes park another for the same key without waking it', () => {
    const { parked } = purgatory();
    const next = new CountingWaiter(['a'], 1);
    const waiter = new CountingWaiter(['a'], 1);
    waiter.finish = () => parked.park(next, 50);
    parked.park(waiter, 50);
    parked.wake('a');
    expect([next.woken, parked.size]).toEqual([0, 1]);
  });

  it('agrees with a plain model over any history: each finishes exactly once, for a reason', () => {
    const key = fc.constantFrom('a', 'b', 'c');
    const action = fc.oneof(
      fc.record({
        type: fc.constant('park' as const),
        keys: fc.uniqueArray(key, { minLength: 1, maxLength: 3 }),
        needed: fc.integer({ min: 1, max: 4 }),
        delayMs: fc.integer({ min: 1, max: 900 }),
      }),
      fc.record({ type: fc.constant('wake' as const), key }),
      fc.record({ type: fc.constant('wait' as const), ms: fc.nat(300) }),
      fc.record({ type: fc.constant('finish' as const), index: fc.nat(30) }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 80 }), (actions) => {
        const { clock, parked } = purgatory();
        const model: { waiter: CountingWaiter; deadlineMs: number; left: number; isOver: boolean }[] = [];
        const waitsFor = (name: string) => model.filter((each) => !each.isOver && each.waiter.keys.includes(name));
        for (const each of actions) {
          if (each.type === 'park') {
            const waiter = new CountingWaiter(each.keys, each.needed);
            const deadlineMs = clock.monotonicMs() + each.delayMs;
            model.push({ waiter, deadlineMs, left: each.needed, isOver: false });
            parked.park(waiter, deadlineMs);
          } else if (each.type === 'wake') {
            for (const entry of waitsFor(each.key)) entry.isOver = --entry.left === 0;
            parked.wake(each.key);
          } else if (each.type === 'wait') {
            clock.advanceTo(clock.monotonicMs() + each.ms);
            for (const entry of model) if (entry.deadlineMs <= clock.monotonicMs()) entry.isOver = true;
          } else {
            const entry = model[each.index];
            if (entry === undefined) continue;
            entry.isOver = true;
            parked.finish(entry.waiter);
          }
          for (const entry of model) expect(entry.waiter.finished).toBe(entry.isOver ? 1 : 0);
          expect(parked.size).toBe(model.filter((entry) => !entry.isOver).length);
        }
        clock.advanceTo(clock.monotonicMs() + 1000);
        expect(model.every((entry) => entry.waiter.finished === 1)).toBe(true);
        expect([parked.size, clock.pending]).toEqual([0, 0]);
      }),
      { numRuns: 300 },
    );
  });
});
