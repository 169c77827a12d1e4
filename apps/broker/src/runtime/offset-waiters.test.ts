import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type OffsetWaiter, OffsetWaiters } from './offset-waiters.ts';

class RecordingWaiter implements OffsetWaiter {
  readonly settled: number[] = [];
  get isSettled(): boolean {
    return this.settled.length > 0;
  }
  settle(errorCode: number): void {
    this.settled.push(errorCode);
  }
}

describe('OffsetWaiters', () => {
  it('releases in order what an end has reached, and fails the rest', () => {
    const waiters = new OffsetWaiters();
    const [a, b, c] = [new RecordingWaiter(), new RecordingWaiter(), new RecordingWaiter()];
    waiters.add(3, a);
    waiters.add(5, b);
    waiters.add(9, c);
    waiters.reach(5);
    expect([a.settled, b.settled, c.settled]).toEqual([[0], [0], []]);
    waiters.failAll(6);
    expect([c.settled, waiters.size]).toEqual([[6], 0]);
  });

  it('settles each once over any history, and keeps no more abandoned entries than live ones', () => {
    const action = fc.oneof(
      fc.record({ type: fc.constant('add' as const), records: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ type: fc.constant('reach' as const), by: fc.nat(3) }),
      fc.record({ type: fc.constant('abandon' as const), index: fc.nat(400) }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 600 }), (actions) => {
        const waiters = new OffsetWaiters();
        const all: { readonly endOffset: number; readonly waiter: RecordingWaiter }[] = [];
        let [appended, reached] = [0, 0];
        for (const each of actions) {
          if (each.type === 'add') {
            appended += each.records;
            const waiter = new RecordingWaiter();
            all.push({ endOffset: appended, waiter });
            waiters.add(appended, waiter);
          } else if (each.type === 'reach') {
            reached = Math.min(appended, reached + each.by);
            waiters.reach(reached);
          } else {
            const victim = all[each.index]?.waiter;
            if (victim === undefined || victim.isSettled) continue;
            victim.settle(7);
            waiters.abandon();
          }
          for (const { endOffset, waiter } of all) {
            expect(waiter.settled.length).toBeLessThanOrEqual(1);
            if (endOffset <= reached) expect(waiter.isSettled).toBe(true);
            else expect(waiter.settled).not.toEqual([0]);
          }
          const live = all.filter(({ waiter }) => !waiter.isSettled).length;
          expect(waiters.size).toBeGreaterThanOrEqual(live);
          expect(waiters.size).toBeLessThanOrEqual(2 * live + 64);
        }
      }),
      { numRuns: 50 },
    );
  });
});
