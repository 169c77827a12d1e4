import { describe, expect, test } from 'vitest';
import { batchesOf, batchOf, openLog, readAll, testEnvironment } from '../../tests/storage/log-fixture.ts';
import { VirtualClock } from '../../tests/virtual-clock.ts';
import { bytesOfParts } from '../ports/wire-part.ts';
import { createPrng } from '../sim/prng.ts';
import { SimFiles } from '../sim/sim-files.ts';
import { LogFailedError } from './log.ts';

async function onSimulatedDisk(seed = 7) {
  const clock = new VirtualClock();
  const files = new SimFiles({ clock, random: createPrng(seed) });
  const environment = testEnvironment({ clock, files, tailBudgetBytes: 16_384 });
  const opened = await clock.settle(
    openLog(environment, { configChange: { segmentBytes: 4000, indexIntervalBytes: 200 } }),
  );
  return { clock, files, environment, ...opened };
}

describe('a log whose disk fails', () => {
  test('fails once on a full disk, keeps what was written before and never tries again', async () => {
    const { clock, files, environment, log, events } = await onSimulatedDisk();
    log.append(batchOf(3), { leaderEpoch: 0 });
    await clock.settle(log.flush());
    files.faults.spaceBytes = 50;
    log.append(batchOf(3), { leaderEpoch: 0 });
    await clock.run(() => events.failures.length > 0);
    expect(events.failures).toMatchObject([{ kind: 'no-space' }]);
    expect([log.isFailed, log.logEndOffset, log.flushedEndOffset]).toEqual([true, 3, 3]);
    delete files.faults.spaceBytes;
    expect(() => log.append(batchOf(1), { leaderEpoch: 0 })).toThrow(LogFailedError);
    expect(() => log.read(0, 100, 3)).toThrow(LogFailedError);
    await expect(log.flush()).rejects.toThrow(LogFailedError);
    await clock.settle(log.close());
    expect(events.failures).toHaveLength(1);
    expect(environment.memory.pool.freeBytes).toBe(environment.memory.pool.totalBytes);
    const again = await clock.settle(openLog(environment, { cleanShutdown: false }));
    expect(await clock.settle(readAll(again.log))).toHaveLength(1);
  });

  test('does not take a failed fsync for a flush', async () => {
    const { clock, files, log, events } = await onSimulatedDisk();
    files.faults.sync = (path) => (path.endsWith('.log') ? 'io' : undefined);
    log.append(batchOf(3), { leaderEpoch: 0 });
    await expect(clock.settle(log.flush())).rejects.toThrow(LogFailedError);
    expect(events.failures).toMatchObject([{ kind: 'io' }]);
    expect(log.flushedEndOffset).toBe(0);
  });

  test('fails on an unreadable file, but not on what it has in memory', async () => {
    const { clock, files, log, events } = await onSimulatedDisk();
    for (let index = 0; index < 40; index += 1) log.append(batchOf(2, { valueBytes: 500 }), { leaderEpoch: 0 });
    await clock.run(() => log.logEndOffset === 80);
    for (let index = 0; index < 10; index += 1) {
      log.append(batchOf(2, { valueBytes: 500 }), { leaderEpoch: 0 });
      await clock.run(() => log.logEndOffset === log.appendedEndOffset);
    }
    files.faults.read = () => 'io';
    expect(await batchesOf(log.read(98, 10_000, 100))).toHaveLength(1);
    await expect(clock.settle(Promise.resolve(log.read(0, 10_000, 100)))).rejects.toMatchObject({ kind: 'io' });
    expect(events.failures).toHaveLength(1);
  });

  test('fails when the leader epoch file cannot be written', async () => {
    const { clock, files, log, events } = await onSimulatedDisk();
    files.faults.write = (path) => (path.includes('leader-epoch') ? 'no-space' : undefined);
    log.append(batchOf(3), { leaderEpoch: 4 });
    await clock.run(() => events.failures.length > 0);
    expect(log.isFailed).toBe(true);
  });
});

describe('a reader that is slower than the log', () => {
  test('keeps a deleted segment readable', async () => {
    const { clock, log, environment } = await onSimulatedDisk();
    for (let index = 0; index < 40; index += 1) {
      log.append(batchOf(2, { valueBytes: 500, timestamp: 1000 }), { leaderEpoch: 0 });
      await clock.run(() => log.logEndOffset === log.appendedEndOffset);
    }
    const before = await clock.settle(readAll(log, 0, 3000));
    const read = await clock.settle(Promise.resolve(log.read(0, 3000, 80)));
    if (read.type !== 'records' || read.parts[0]?.kind !== 'file') throw new Error('expected a file');
    const deleted = await clock.settle(log.deleteOldSegments(1000 + 604_800_001 + 100));
    expect(deleted).toBeGreaterThan(3);
    expect(log.logStartOffset).toBe(80);
    await clock.pass(120_000);
    const bytes = await clock.settle(bytesOfParts(read.parts));
    expect(bytes).toEqual(Uint8Array.from(before.slice(0, 2).flatMap((batch) => [...batch.bytes])));
    await clock.pass(1000);
    const names = (await clock.settle(environment.files.list(log.directory))).map((entry) => entry.name);
    expect(names.filter((name) => name.includes('.deleted'))).toEqual([]);
    expect(log.append(batchOf(1), { leaderEpoch: 0 }).baseOffset).toBe(80);
  });

  test('is told when what it reads was truncated', async () => {
    const { clock, log } = await onSimulatedDisk();
    for (let index = 0; index < 40; index += 1) {
      log.append(batchOf(2, { valueBytes: 500 }), { leaderEpoch: 0 });
      await clock.run(() => log.logEndOffset === log.appendedEndOffset);
    }
    const read = await clock.settle(Promise.resolve(log.read(0, 3000, 80)));
    if (read.type !== 'records') throw new Error('out of range');
    await clock.settle(log.truncateTo(2));
    await expect(clock.settle(bytesOfParts(read.parts))).rejects.toThrow('truncated');
  });
});
