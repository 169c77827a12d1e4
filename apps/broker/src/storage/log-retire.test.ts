import fc from 'fast-check';
import { expect, test } from 'vitest';
import { batchOf, DIRECTORY, openLog, testEnvironment } from '../../tests/storage/log-fixture.ts';
import { VirtualClock } from '../../tests/virtual-clock.ts';
import { createPrng } from '../sim/prng.ts';
import { SimFiles } from '../sim/sim-files.ts';

const RETIRED = '/data/t-0.0123-delete';

/** A log is moved away while a slow reader goes on reading a part of its file. */
async function retireUnderReader(seed: number): Promise<void> {
  const clock = new VirtualClock();
  const files = new SimFiles({ clock, random: createPrng(seed) });
  const environment = testEnvironment({ files, clock });
  const before = await clock.settle(openLog(environment));
  before.log.append(batchOf(3), { leaderEpoch: 0 });
  await clock.settle(before.log.close());
  const { log } = await clock.settle(openLog(environment));
  const read = await clock.settle(Promise.resolve(log.read(0, 1000, 3)));
  const [part] = read.type === 'records' ? read.parts : [];
  if (part?.kind !== 'file') throw new Error('nothing was read from the file');
  const path = `${DIRECTORY}/00000000000000000000.log`;

  let isRetired = false;
  const retiring = log.retire(RETIRED, async () => {
    await files.rename(DIRECTORY, RETIRED);
    await files.syncDirectory('/data');
  });
  retiring.then(() => {
    isRetired = true;
  });
  while (!isRetired) {
    await clock.settle(part.read(new Uint8Array(part.sizeBytes), 0));
    await clock.pass(0.2);
  }
  // Whoever takes the name next must not be given this log's file.
  expect(environment.handles.peek(path)).toBeUndefined();
  await clock.settle(part.read(new Uint8Array(part.sizeBytes), 0));
  part.release();
  await clock.settle((await retiring).unheld());
  await clock.settle(environment.handles.close());
  expect(files.openCount).toBe(0);
}

test('a part that is being read stays readable while its log is moved away, and leaves no file open under the old name', async () => {
  await fc.assert(fc.asyncProperty(fc.integer(), retireUnderReader), { numRuns: 50 });
});
