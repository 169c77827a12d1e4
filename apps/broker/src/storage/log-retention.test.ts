import fc from 'fast-check';
import { expect, test } from 'vitest';
import { batchOf, openLog, readAll, testEnvironment } from '../../tests/storage/log-fixture.ts';
import { VirtualClock } from '../../tests/virtual-clock.ts';
import { createPrng } from '../sim/prng.ts';
import { SimFiles } from '../sim/sim-files.ts';

/** Retention takes every segment, and starts a new one, while batches come in. */
async function emptyUnderProducer(seed: number): Promise<void> {
  const clock = new VirtualClock();
  const files = new SimFiles({ clock, random: createPrng(seed) });
  const environment = testEnvironment({ files, clock });
  const configChange = { retentionMs: 1000, fileDeleteDelayMs: 10 };
  const { log } = await clock.settle(openLog(environment, { configChange }));
  log.append(batchOf(3), { leaderEpoch: 0 });
  await clock.settle(log.flush());
  let isTrimmed = false;
  log.deleteOldSegments(1_800_000_000_000, 3).then(() => {
    isTrimmed = true;
  });
  await clock.run(() => log.segmentCount === 2);
  while (!isTrimmed) {
    log.append(batchOf(1, { timestamp: 1_800_000_000_000 }), { leaderEpoch: 0 });
    await clock.pass(0.3);
  }
  const end = log.appendedEndOffset;
  await clock.settle(log.close());
  const again = await clock.settle(openLog(testEnvironment({ files, clock }), { cleanShutdown: false }));
  const batches = await clock.settle(readAll(again.log));
  expect([batches[0]?.baseOffset, batches.at(-1)?.nextOffset]).toEqual([3, end]);
}

test('what is appended while retention empties the log is kept', async () => {
  await fc.assert(fc.asyncProperty(fc.integer(), emptyUnderProducer), { numRuns: 50 });
});
