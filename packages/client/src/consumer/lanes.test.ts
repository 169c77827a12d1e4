import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DoneTracker } from './done-tracker.ts';
import { Lanes } from './lanes.ts';

test('tasks of a lane run one after the other, others side by side, never more than so many', async () => {
  const tasks = fc.array(fc.record({ lane: fc.option(fc.nat(3), { nil: undefined }), turns: fc.nat(4) }), {
    maxLength: 40,
  });
  await fc.assert(
    fc.asyncProperty(tasks, fc.integer({ min: 1, max: 5 }), async (given, concurrency) => {
      const lanes = new Lanes(concurrency);
      const ended: { readonly index: number; readonly lane: number | undefined }[] = [];
      const running = new Set<number | undefined>();
      let [now, most] = [0, 0];
      given.forEach(({ lane, turns }, index) => {
        lanes.add(lane === undefined ? undefined : String(lane), async () => {
          if (lane !== undefined) expect(running.has(lane)).toBe(false);
          running.add(lane);
          now += 1;
          most = Math.max(most, now);
          for (let turn = 0; turn < turns; turn += 1) await undefined;
          now -= 1;
          running.delete(lane);
          ended.push({ index, lane });
        });
      });
      while (lanes.pending > 0) await lanes.change();
      expect(ended).toHaveLength(given.length);
      expect(most).toBeLessThanOrEqual(concurrency);
      for (const lane of [0, 1, 2, 3]) {
        const order = ended.filter((one) => one.lane === lane).map(({ index }) => index);
        expect(order).toEqual(order.toSorted((a, b) => a - b));
      }
    }),
  );
});

test('what is done is everything before the first that is not', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat(3000), { minLength: 1, maxLength: 2000 }),
      fc.infiniteStream(fc.nat()),
      (some, picks) => {
        const offsets = some.toSorted((a, b) => a - b);
        const tracker = new DoneTracker();
        for (const offset of offsets) tracker.begin(offset);
        const open = new Set(offsets);
        const order = offsets
          .map((offset) => [offset, picks.next().value ?? 0] as const)
          .toSorted((a, b) => a[1] - b[1]);
        for (const [offset] of order.slice(0, 300)) {
          tracker.end(offset);
          open.delete(offset);
          expect(tracker.firstUndone(9999)).toBe(offsets.find((one) => open.has(one)) ?? 9999);
        }
      },
    ),
    { numRuns: 20 },
  );
});
