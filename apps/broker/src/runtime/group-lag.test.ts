import { expect, test } from 'vitest';
import type { CollectedSamples, Metrics } from '../ports/metrics.ts';
import { silentMetrics } from '../silent-metrics.ts';
import { registerGroupLag } from './group-lag.ts';
import { FakePartition } from './hosted-partition.test-support.ts';

test('a log that fails while it is looked at costs the scrape its age alone', async () => {
  const partition = new FakePartition('orders', 0);
  partition.highWatermark = 5;
  partition.log.read = () => {
    throw new Error('the log has failed');
  };
  let collect: (() => CollectedSamples | Promise<CollectedSamples>) | undefined;
  const metrics: Metrics = {
    ...silentMetrics,
    collected: (_families, how) => {
      collect = how;
    },
  };
  registerGroupLag(metrics, {
    groups: { committedPositions: () => [{ groupId: 'g', topic: 'orders', partitionIndex: 0, offset: 2 }] },
    replicas: { partition: () => partition },
    clock: { wallMs: () => 0 },
  });
  const labels = { group: 'g', topic: 'orders', partition: '0' };
  expect(await collect?.()).toEqual({
    ks_group_lag_records: [{ labels, value: 3 }],
    ks_group_lag_seconds: [],
    ks_group_committed_offset: [{ labels, value: 2 }],
  });
});
