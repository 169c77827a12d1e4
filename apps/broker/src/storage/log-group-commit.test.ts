import { describe, expect, test } from 'vitest';
import { batchOf, openLog, testEnvironment } from '../../tests/storage/log-fixture.ts';
import { createMemoryFiles } from '../adapters/memory-files.ts';
import type { Files } from '../ports/files.ts';

/** A disk whose syncs of log files end when the test says so. */
class SlowDisk {
  readonly files: Files = createMemoryFiles();
  syncs = 0;
  #waiting: (() => void)[] = [];

  constructor() {
    const open = this.files.open.bind(this.files);
    this.files.open = async (path, mode) => {
      const file = await open(path, mode);
      const sync = file.sync.bind(file);
      file.sync = async () => {
        if (path.endsWith('.log')) await this.#busy();
        return sync();
      };
      return file;
    };
  }

  #busy(): Promise<void> {
    this.syncs += 1;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Lets the sync that is under way end. */
  release(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

describe('flush.messages=1', () => {
  test('what comes while the disk is busy shares the next sync', async () => {
    const disk = new SlowDisk();
    const environment = testEnvironment({ files: disk.files });
    const { log } = await openLog(environment, { configChange: { flushMessages: 1 } });
    const { clock } = environment;
    log.append(batchOf(1), { leaderEpoch: 0 });
    await clock.run(() => disk.syncs === 1);
    for (let turn = 0; turn < 50; turn += 1) {
      log.append(batchOf(1), { leaderEpoch: 0 });
      await clock.run(() => log.logEndOffset === log.appendedEndOffset);
    }
    expect([disk.syncs, log.flushedEndOffset]).toEqual([1, 0]);
    disk.release();
    await clock.run(() => disk.syncs === 2);
    expect(log.flushedEndOffset).toBe(1);
    disk.release();
    await clock.run(() => log.flushedEndOffset === 51);
    expect(disk.syncs).toBe(2);
  });

  test('without it nobody waits for the disk, with flush.messages=20 it is synced every 20 records', async () => {
    const disk = new SlowDisk();
    const environment = testEnvironment({ files: disk.files });
    const { log } = await openLog(environment, { configChange: { flushMessages: 20 } });
    const { clock } = environment;
    for (let count = 0; count < 19; count += 1) log.append(batchOf(1), { leaderEpoch: 0 });
    await clock.run(() => log.logEndOffset === 19);
    expect(disk.syncs).toBe(0);
    log.append(batchOf(1), { leaderEpoch: 0 });
    await clock.run(() => disk.syncs === 1);
    disk.release();
    await clock.run(() => log.flushedEndOffset === 20);
  });
});
