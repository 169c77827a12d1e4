import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SimClock } from './sim-clock.ts';

test('events run in the order of their time, then of their asking', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 20 })), async (delays) => {
      const clock = new SimClock();
      const ran: [number, number][] = [];
      delays.forEach((delay, index) => {
        clock.setTimer(delay, () => ran.push([clock.monotonicMs(), index]));
      });
      while (await clock.step());
      const expected = delays.map((delay, index) => [delay, index] as const).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
      expect(ran).toEqual(expected);
    }),
  );
});

test('a cancelled timer does not run, and cancelling late is harmless', async () => {
  const clock = new SimClock();
  const ran: string[] = [];
  const first = clock.setTimer(1, () => ran.push('first'));
  const second = clock.setTimer(2, () => ran.push('second'));
  second.cancel();
  await clock.advance(5);
  first.cancel();
  await clock.advance(5);
  expect(ran).toEqual(['first']);
  expect(clock.monotonicMs()).toBe(10);
  expect(await clock.step()).toBe(false);
});

test('promises settle between two events', async () => {
  const clock = new SimClock();
  const ran: string[] = [];
  clock.setTimer(1, () => {
    void Promise.resolve()
      .then(() => ran.push('promise'))
      .then(() => ran.push('next promise'));
  });
  clock.setTimer(1, () => ran.push('event'));
  await clock.runUntil(() => ran.includes('event'));
  expect(ran).toEqual(['promise', 'next promise', 'event']);
});

test('wall time follows, and may jump', async () => {
  const clock = new SimClock(1000);
  await clock.advance(1.5);
  expect(clock.now()).toEqual({ monotonicMs: 1.5, wallMs: 1001 });
  clock.jumpWall(-500);
  expect(clock.now()).toEqual({ monotonicMs: 1.5, wallMs: 501 });
});
