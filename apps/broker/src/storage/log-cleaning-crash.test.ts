import { describe, expect, test } from 'vitest';
import { CleaningModel } from '../../tests/storage/cleaning-model.ts';
import { clean, keyedBatch, marker, startCleaning } from '../../tests/storage/cleaning-fixture.ts';
import { readCommitted, readEverything } from '../../tests/storage/cleaning-reader.ts';
import { countedFiles } from '../../tests/storage/counted-files.ts';
import { DIRECTORY, openLog, testEnvironment } from '../../tests/storage/log-fixture.ts';
import { VirtualClock } from '../../tests/virtual-clock.ts';
import type { Files } from '../ports/files.ts';
import { createPrng } from '../sim/prng.ts';
import { SimFiles } from '../sim/sim-files.ts';
import type { Log } from './log.ts';

const config = {
  segmentBytes: 700,
  indexIntervalBytes: 150,
  cleanupPolicy: { delete: false, compact: true },
  deleteRetentionMs: 1000,
  fileDeleteDelayMs: 30,
};

class Stage {
  readonly clock = new VirtualClock();
  readonly model = new CleaningModel(config.deleteRetentionMs);
  readonly random;

  constructor(seed: number) {
    this.random = createPrng(seed);
  }

  environment(files: Files) {
    return testEnvironment({ files, clock: this.clock, tailBudgetBytes: 16_384 });
  }

  async open(files: Files, cleanShutdown: boolean) {
    const environment = this.environment(files);
    const opened = openLog(environment, { configChange: config, cleanShutdown, recoveryPoint: 0 });
    return { environment, log: (await this.clock.settle(opened)).log };
  }

  /** A disk with a log that was compacted once, so that it has small segments, markers and tombstones, and grew again. */
  async prepare(): Promise<SimFiles> {
    const files = new SimFiles({ clock: this.clock, random: this.random });
    const { environment, log } = await this.open(files, true);
    await this.#fill(log, 14);
    await clean(environment, log);
    await this.#fill(log, 12);
    await this.clock.settle(log.close());
    await this.clock.settle(environment.handles.close());
    return files;
  }

  async #fill(log: Log, count: number): Promise<void> {
    for (let index = 0; index < count; index += 1) {
      const producer = index % 3 === 2 ? 3 : 0;
      const value = this.random.chance(0.2) ? null : `v${log.appendedEndOffset}`.padEnd(40);
      const records = [{ key: `k${this.random.int(4)}`, value, timestamp: this.clock.wallMs() }];
      const options =
        producer === 0
          ? {}
          : { producerId: 3, producerEpoch: 0, isTransactional: true, baseSequence: this.model.nextSequence(3) };
      const { baseOffset } = log.append(await keyedBatch(records, options), { leaderEpoch: 0 });
      this.model.appended(baseOffset, records, producer);
      if (index % 6 !== 5) continue;
      const commit = index % 12 === 11;
      const end = log.append(marker(3, commit, 0, this.clock.wallMs()), { leaderEpoch: 0 });
      this.model.ended(end.baseOffset, 3, commit);
    }
    await this.clock.settle(log.flush());
  }

  async verify(log: Log): Promise<void> {
    expect(log.logEndOffset).toBe(this.model.endOffset);
    this.model.checkRecords(await this.clock.settle(readEverything(log)));
    this.model.checkCommitted(await this.clock.settle(readCommitted(log)));
  }

  async leftOver(files: Files): Promise<string[]> {
    const names = (await this.clock.settle(files.list(DIRECTORY))).map(({ name }) => name);
    return names.filter((name) => /\.(cleaned|swap|deleted)$/.test(name));
  }

  /** What a crash has left is a log like any other, also to a cleaning. */
  async expectSound(disk: SimFiles): Promise<void> {
    const { environment, log } = await this.open(disk, false);
    expect(await this.leftOver(disk)).toEqual([]);
    await this.verify(log);
    await clean(environment, log);
    await this.verify(log);
    await this.clock.settle(log.close());
  }
}

describe('a cleaning that ends with the process, at any of its steps on disk,', () => {
  test.each([
    ['by a power cut', (files: SimFiles) => files.crash()],
    ['by a kill', (files: SimFiles) => files.kill()],
  ])('leaves a log that says the same: %s', async (_what, end) => {
    const stage = new Stage(7);
    const prepared = await stage.prepare();
    let isOver = false;
    let swaps = 0;
    let steps = 0;
    for (; !isOver; steps += 1) {
      // Everything was synced: what a crash leaves is a copy.
      const disk = prepared.crash();
      const counted = countedFiles(disk);
      const { environment, log } = await stage.open(counted.files, true);
      const cleaning = await startCleaning(environment, log);
      let isDone = false;
      const done = () => {
        isDone = true;
      };
      cleaning?.result.then(done, done);
      counted.stopAfter(steps);
      await stage.clock.run(() => counted.isStopped || isDone);
      isOver = isDone;
      const left = end(disk);
      const hasSwap = (await stage.leftOver(left)).some((name) => name.endsWith('.log.swap'));
      if (hasSwap) swaps += 1;
      // Where a swap has to be finished: the same again, cut short at each of its steps.
      const depthMax = hasSwap && swaps % 4 === 1 ? 12 : 0;
      for (let depth = 0; depth < depthMax; depth += 1) {
        const again = left.crash();
        const recounted = countedFiles(again);
        recounted.stopAfter(depth);
        const opening = openLog(stage.environment(recounted.files), { configChange: config, cleanShutdown: false });
        let isOpen = false;
        opening.then(() => {
          isOpen = true;
        });
        await stage.clock.run(() => recounted.isStopped || isOpen);
        await stage.expectSound(again.crash());
      }
      await stage.expectSound(left.crash());
    }
    expect(steps).toBeGreaterThan(60);
    expect(swaps).toBeGreaterThan(5);
  });
});
