import { expect, test } from 'vitest';
import { VirtualClock } from '../../tests/virtual-clock.ts';
import { createPrng } from '../sim/prng.ts';
import { SimFiles } from '../sim/sim-files.ts';
import { FileHandles } from './file-handles.ts';

test('close waits for those who use a file, also where it was dropped before', async () => {
  const clock = new VirtualClock();
  const files = new SimFiles({ clock, random: createPrng(1) });
  const handles = new FileHandles(files, 4);
  let finish = () => {};
  const busy = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const using = ['/a', '/b'].map((path) => handles.use(path, () => busy, true));
  await clock.pass(10);
  await clock.settle(handles.drop('/a'));
  let isClosed = false;
  const closing = handles.close().then(() => {
    isClosed = true;
  });
  await clock.pass(10);
  expect(isClosed).toBe(false);
  expect(files.openCount).toBe(2);
  finish();
  await clock.settle(Promise.all([closing, ...using]));
  expect(files.openCount).toBe(0);
});
