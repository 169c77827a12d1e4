import type { CollectedFamily, Metrics } from '../ports/metrics.ts';

/** Where the numbers of a server lie. */
export interface ServerMetricsSource {
  connectionCount(): number;
  requestBytes(): number;
  tailBytes(): number;
  freeBytes(): number;
}

/** Connections and memory, gathered when somebody looks. */
export function registerServerMetrics(metrics: Metrics, source: ServerMetricsSource): void {
  const gauges: readonly (CollectedFamily & { readonly read: () => number })[] = [
    { name: 'ks_connections', help: 'Open connections.', type: 'gauge', read: () => source.connectionCount() },
    {
      name: 'ks_request_memory_bytes',
      help: 'Requests that have arrived in part or wait to be handled.',
      type: 'gauge',
      read: () => source.requestBytes(),
    },
    {
      name: 'ks_tail_memory_bytes',
      help: 'The newest records, kept in memory.',
      type: 'gauge',
      read: () => source.tailBytes(),
    },
    {
      name: 'ks_memory_free_bytes',
      help: 'What is left of ks.memory.bytes.',
      type: 'gauge',
      read: () => source.freeBytes(),
    },
  ];
  metrics.collected(gauges, () =>
    Object.fromEntries(gauges.map(({ name, read }) => [name, [{ labels: {}, value: read() }]])),
  );
}
