import { describe, expect, test } from 'vitest';
import { batchOf, openLog, testEnvironment } from '../../tests/storage/log-fixture.ts';
import { defaultLogConfig, type LogConfig } from './log-config.ts';

const T = 1_700_000_000_000;

async function segmentsAfter(changes: readonly (Partial<LogConfig> | number)[]): Promise<number> {
  const environment = testEnvironment();
  const { log } = await openLog(environment, {});
  for (const change of changes) {
    if (typeof change === 'number') log.append(batchOf(1, { timestamp: T + change }), { leaderEpoch: 0 });
    else log.updateConfig({ ...defaultLogConfig, ...change });
  }
  await environment.clock.settle(log.flush());
  return log.segmentCount;
}

describe('a segment is rolled', () => {
  test('by the age of its first record, under the segment.ms in force, not the one it began with', async () => {
    expect(await segmentsAfter([0, 60_000])).toBe(1);
    expect(await segmentsAfter([{ segmentMs: 1000 }, 0, 1000])).toBe(1);
    expect(await segmentsAfter([{ segmentMs: 1000 }, 0, 1001])).toBe(2);
    expect(await segmentsAfter([0, { segmentMs: 1000 }, 60_000])).toBe(2);
    expect(await segmentsAfter([{ segmentMs: 1000 }, 0, { segmentMs: 90_000 }, 60_000])).toBe(1);
  });

  test('earlier by some share of segment.jitter.ms', async () => {
    const jitter = { segmentMs: 10_000, segmentJitterMs: 10_000 };
    // The share is drawn with the segment: one of a hundred logs has a small one, and one a large one.
    expect(await segmentsAfter([jitter, 0, 9999, 9999 * 2, 9999 * 3, 9999 * 4])).toBeGreaterThan(1);
  });

  test('in time for max.compaction.lag.ms, where it is compacted', async () => {
    const lag = { maxCompactionLagMs: 1000 };
    expect(await segmentsAfter([{ ...lag, cleanupPolicy: { delete: false, compact: true } }, 0, 1001])).toBe(2);
    expect(await segmentsAfter([lag, 0, 1001])).toBe(1);
  });
});
