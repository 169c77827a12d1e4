import { describe, expect, test } from 'vitest';
import { clean, keyedBatch } from '../../tests/storage/cleaning-fixture.ts';
import { batchOf, openLog, readAll, testEnvironment } from '../../tests/storage/log-fixture.ts';
import type { LogConfig } from './log-config.ts';

const T = 1_700_000_000_000;
const both: Partial<LogConfig> = {
  segmentBytes: 400,
  cleanupPolicy: { delete: true, compact: true },
  retentionMs: 10_000,
  fileDeleteDelayMs: 1,
};

describe('retention', () => {
  test('of a log that is compacted too: also behind segments that compaction has emptied, and after a restart', async () => {
    const environment = testEnvironment({ tailBudgetBytes: 1 });
    const { log } = await openLog(environment, { configChange: both });
    // The same key again and again: every segment but the last is emptied.
    for (let index = 0; index < 12; index += 1) {
      const record = { key: 'k', value: `v${index}`.padEnd(60), timestamp: T + index };
      log.append(await keyedBatch([record]), { leaderEpoch: 0 });
    }
    await clean(environment, log);
    const segmentCount = log.segmentCount;
    expect(segmentCount).toBeGreaterThan(3);
    await environment.clock.settle(log.close());
    await environment.handles.close();
    const { log: again } = await openLog(environment, { configChange: both });
    expect(await environment.clock.settle(again.deleteOldSegments(T + 10_000))).toBe(0);
    expect(await environment.clock.settle(again.deleteOldSegments(T + 10_012))).toBe(segmentCount);
    expect(again.logStartOffset).toBe(12);
    expect(await readAll(again)).toEqual([]);
    await environment.clock.settle(again.close());
  });

  test('leaves everything where cleanup.policy names neither, but for what lies below the log start', async () => {
    const environment = testEnvironment();
    const none = { ...both, cleanupPolicy: { delete: false, compact: false }, retentionBytes: 1, retentionMs: 1 };
    const { log } = await openLog(environment, { configChange: none });
    for (let index = 0; index < 12; index += 1)
      log.append(batchOf(1, { valueBytes: 60, timestamp: T }), { leaderEpoch: 0 });
    await environment.clock.settle(log.flush());
    expect(await environment.clock.settle(log.deleteOldSegments(T + 1e9))).toBe(0);
    log.advanceLogStartOffset(7);
    expect(await environment.clock.settle(log.deleteOldSegments(T + 1e9))).toBeGreaterThan(0);
    expect((await readAll(log))[0]?.lastOffset).toBeGreaterThanOrEqual(7);
    await environment.clock.settle(log.close());
  });

  test('begins where records were deleted up to, though a power cut took more than that: no offset comes twice', async () => {
    const environment = testEnvironment();
    const { log } = await openLog(environment, { configChange: { segmentBytes: 400 } });
    for (let index = 0; index < 12; index += 1) log.append(batchOf(1, { valueBytes: 60 }), { leaderEpoch: 3 });
    await environment.clock.settle(log.close());
    const { log: again } = await openLog(environment, { logStartOffset: 25, cleanShutdown: false });
    expect([again.logStartOffset, again.logEndOffset, again.flushedEndOffset]).toEqual([25, 25, 25]);
    expect(await again.read(11, 1000, 25)).toMatchObject({ type: 'out-of-range', logStartOffset: 25 });
    expect(again.append(batchOf(1), { leaderEpoch: 4 }).baseOffset).toBe(25);
    await environment.clock.settle(again.close());
    const { log: third } = await openLog(environment, { logStartOffset: 25 });
    expect((await readAll(third, 25)).map(({ baseOffset }) => baseOffset)).toEqual([25]);
    await environment.clock.settle(third.close());
  });
});
