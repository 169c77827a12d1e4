import type { CollectedFamily, Metrics, Sample } from '../ports/metrics.ts';
import type { ServerTraffic } from './server-traffic.ts';

/** Where the numbers of a server lie. */
export interface ServerMetricsSource {
  connectionCount(): number;
  requestBytes(): number;
  unsentBytes(): number;
  tailBytes(): number;
  freeBytes(): number;
  spilledBytes(): number;
  readonly traffic: ServerTraffic;
}

interface Family extends CollectedFamily {
  readonly read: () => readonly Sample[];
}

function single(type: 'gauge' | 'counter', name: string, help: string, read: () => number): Family {
  return { name, help, type, read: () => [{ labels: {}, value: read() }] };
}

function labelled(name: string, help: string, label: string, counts: ReadonlyMap<string, number>): Family {
  const read = (): readonly Sample[] => [...counts].map(([key, value]) => ({ labels: { [label]: key }, value }));
  return { name, help, type: 'counter', labelNames: [label], read };
}

/** Connections and memory, gathered when somebody looks. */
export function registerServerMetrics(metrics: Metrics, source: ServerMetricsSource): void {
  const { traffic } = source;
  const families: readonly Family[] = [
    single('gauge', 'ks_connections', 'Open connections.', () => source.connectionCount()),
    single('counter', 'ks_connections_accepted_total', 'Connections let in.', () => traffic.acceptedConnections),
    labelled(
      'ks_connections_refused_total',
      'Connections closed at once, by the limit that they met.',
      'limit',
      traffic.refusedConnections,
    ),
    labelled(
      'ks_connections_closed_total',
      'Connections that the broker closed, by why.',
      'cause',
      traffic.closedConnections,
    ),
    single('counter', 'ks_received_bytes_total', 'Bytes read from clients.', () => traffic.receivedBytes),
    single('counter', 'ks_sent_bytes_total', 'Bytes of responses given to sockets.', () => traffic.sentBytes),
    single('gauge', 'ks_request_memory_bytes', 'Requests that have arrived in part or wait to be handled.', () =>
      source.requestBytes(),
    ),
    single('gauge', 'ks_unsent_response_bytes', 'Responses, records aside, that clients have not taken.', () =>
      source.unsentBytes(),
    ),
    single('gauge', 'ks_tail_memory_bytes', 'The newest records, kept in memory.', () => source.tailBytes()),
    single('gauge', 'ks_memory_free_bytes', 'What is left of ks.memory.bytes.', () => source.freeBytes()),
    single('gauge', 'ks_memory_spilled_bytes', 'Memory taken beyond ks.memory.bytes, until it is no longer used.', () =>
      source.spilledBytes(),
    ),
  ];
  metrics.collected(families, () => Object.fromEntries(families.map(({ name, read }) => [name, read()])));
}
