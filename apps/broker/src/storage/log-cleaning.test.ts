import { describe, expect, test } from 'vitest';
import { clean, keyedBatch } from '../../tests/storage/cleaning-fixture.ts';
import { readEverything } from '../../tests/storage/cleaning-reader.ts';
import { openLog, readAll, testEnvironment } from '../../tests/storage/log-fixture.ts';

const config = { segmentBytes: 1000, indexIntervalBytes: 200, cleanupPolicy: { delete: false, compact: true } };

describe('a cleaning', () => {
  test('keeps the last record of each key, at its offset', async () => {
    const environment = testEnvironment({ tailBudgetBytes: 1 });
    const { log } = await openLog(environment, { configChange: config });
    for (let index = 0; index < 60; index += 1) {
      log.append(await keyedBatch([{ key: `k${index % 7}`, value: `v${index}` }]), { leaderEpoch: 0 });
    }
    const result = await clean(environment, log);
    expect(result).toMatchObject({ keys: 7, isMapFull: false });
    const active = (await readAll(log)).at(-1);
    const seen = await readEverything(log);
    const clean7 = seen.filter((record) => record.offset < (result?.cleanedOffset ?? 0));
    expect(clean7.map(({ key }) => key).sort()).toEqual(['k0', 'k1', 'k2', 'k3', 'k4', 'k5', 'k6']);
    for (const record of seen) expect(record.value).toBe(`v${record.offset}`);
    expect(active?.nextOffset).toBe(60);
    expect(log.segmentCount).toBeLessThan(6);
    await environment.clock.settle(log.close());
  });
});
