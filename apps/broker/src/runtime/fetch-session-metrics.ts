import type { FetchSessionCache } from '../core/fetch-session/session-cache.ts';
import type { CollectedFamily, Metrics } from '../ports/metrics.ts';

interface Family extends CollectedFamily {
  readonly read: (cache: FetchSessionCache) => number;
}

const families: readonly Family[] = [
  {
    ...{ name: 'ks_fetch_sessions', help: 'Incremental fetch sessions held.', type: 'gauge' },
    read: ({ sessionCount }) => sessionCount,
  },
  {
    ...{ name: 'ks_fetch_session_partitions', help: 'Partitions that fetch sessions hold.', type: 'gauge' },
    read: ({ partitionCount }) => partitionCount,
  },
  {
    ...{ name: 'ks_fetch_session_evictions_total', help: 'Fetch sessions that gave way to others.', type: 'counter' },
    read: ({ evictionCount }) => evictionCount,
  },
];

/** How full the slots of fetch sessions are, gathered when somebody looks. */
export function registerFetchSessionMetrics(metrics: Metrics, cache: FetchSessionCache): void {
  metrics.collected(families, () =>
    Object.fromEntries(families.map(({ name, read }) => [name, [{ labels: {}, value: read(cache) }]])),
  );
}
