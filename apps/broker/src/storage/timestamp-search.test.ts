import { expect, test } from 'vitest';
import { batchOf, openLog, testEnvironment } from '../../tests/storage/log-fixture.ts';

test('a search by time does not take batches that are not written yet for a corrupt index', async () => {
  const environment = testEnvironment();
  const { clock, logger } = environment;
  const { log } = await clock.settle(openLog(environment, { configChange: { indexIntervalBytes: 0 } }));
  for (const timestamp of [1000, 2000]) log.append(batchOf(1, { timestamp }), { leaderEpoch: 0 });
  await clock.run(() => log.logEndOffset === 2);
  for (const timestamp of [3000, 4000, 5000]) log.append(batchOf(1, { timestamp }), { leaderEpoch: 0 });
  expect(log.logEndOffset).toBe(2);
  expect(await clock.settle(log.offsetForTimestamp(4000, 2))).toBeUndefined();
  expect(await clock.settle(log.offsetForTimestamp(1500, 2))).toMatchObject({ offset: 1, timestampMs: 2000 });
  await clock.run(() => log.logEndOffset === 5);
  expect(await clock.settle(log.offsetForTimestamp(4000))).toMatchObject({ offset: 3, timestampMs: 4000 });
  expect(logger.lines).toEqual([]);
});
