import { expect, test } from 'vitest';
import { SimClock } from '../sim-clock.ts';
import { MachineClock } from './machine-clock.ts';

test('a machine has times of its own, and timers by its own seconds', async () => {
  const world = new SimClock(1000);
  const clock = new MachineClock(world, { wallMs: 50, monotonicMs: 7, rate: 2 });
  let ranAtMs = -1;
  clock.setTimer(100, () => {
    ranAtMs = world.monotonicMs();
  });
  await world.advance(60);
  expect([ranAtMs, clock.monotonicMs(), clock.wallMs()]).toEqual([50, 127, 1110]);
  clock.jumpWall(-500);
  expect(clock.now()).toEqual({ monotonicMs: 127, wallMs: 610 });
});

test('of a process that is stopped nothing runs until it goes on: then all that is due, in order, but what was cancelled', async () => {
  const world = new SimClock();
  const clock = new MachineClock(world, { wallMs: 0, monotonicMs: 0, rate: 1 });
  const ran: string[] = [];
  const note = (what: string) => () => void ran.push(what);
  clock.setTimer(20, note('second'));
  clock.setTimer(10, note('first'));
  const cancelled = clock.setTimer(15, note('cancelled'));
  clock.setTimer(100, note('later'));
  clock.pause();
  await world.advance(50);
  expect([ran, clock.isPaused]).toEqual([[], true]);
  cancelled.cancel();
  clock.resume();
  await world.advance(10);
  expect(ran).toEqual(['first', 'second']);
  await world.advance(50);
  expect(ran).toEqual(['first', 'second', 'later']);
});
