import { bool, int, list, long, text } from '../config-def.ts';
import { connectionsPerIpText } from '../connection-limits.ts';
import { httpListenerText } from '../http-listener.ts';

/** Listeners, connections and their limits. */
export const networkConfigs = {
  listeners: list(['PLAINTEXT://:9092'], 'Addresses to listen on, `NAME://host:port`; no host means all interfaces.', {
    updateMode: 'per-broker',
  }),
  'advertised.listeners': list(null, 'Addresses that clients are told, by listener name. Default: `listeners`.'),
  'listener.security.protocol.map': text(
    'SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT',
    'Security protocol of each listener name. Only PLAINTEXT can be listened on yet.',
    { updateMode: 'per-broker' },
  ),
  'inter.broker.listener.name': text(null, 'Listener that brokers use among themselves. Default: the PLAINTEXT one.'),
  'controller.listener.names': list(
    [],
    'Listeners of a KRaft controller: ks has none, so that these names are left out of `listeners`.',
  ),
  'socket.request.max.bytes': int(104857600, { min: 1 }, 'Largest request; a larger one ends its connection.'),
  'socket.listen.backlog.size': int(
    50,
    { min: 1 },
    'Connections that may wait to be accepted. Where it is not set ks lets 511 wait: those beyond try again only after a second.',
  ),
  'connections.max.idle.ms': long(600000, {}, 'A connection silent for this long is closed; negative: never.'),
  'max.connections': int(2147483647, { min: 0 }, 'Most connections at a time; more are closed at once.', {
    updateMode: 'cluster-wide',
  }),
  'max.connections.per.ip': int(2147483647, { min: 0 }, 'Most connections at a time from one address.', {
    updateMode: 'cluster-wide',
  }),
  'max.connections.per.ip.overrides': text('', 'The same for single addresses, `address:count` with commas between.', {
    check: connectionsPerIpText,
    updateMode: 'cluster-wide',
  }),
  'max.connection.creation.rate': int(
    2147483647,
    { min: 0 },
    'Most new connections a second; more are closed at once.',
    {
      updateMode: 'cluster-wide',
    },
  ),
  'queued.max.request.bytes': long(
    -1,
    { min: 1, also: [-1] },
    'Bytes of requests held at a time; then sockets are not read until some are done. -1: 128 MB.',
  ),
  'queued.max.requests': int(500, { min: 1 }, 'Requests of one connection under way at a time; then it is not read.'),
  'unstable.api.versions.enable': bool(false, 'Whether unreleased versions are advertised.'),
} as const;

/** What Kafka has no key for. */
export const ksConfigs = {
  'ks.network.accept': text(
    'direct',
    'How socket bytes arrive: `direct` reads into the shared landing memory, `copied` takes Node’s plain buffers.',
    { oneOf: ['direct', 'copied'] },
  ),
  'ks.http.listener': text(
    null,
    'Where Prometheus finds /metrics, and supervisors /health and /ready, such as `0.0.0.0:9644`. Default: nowhere.',
    { check: httpListenerText },
  ),
  'ks.memory.bytes': long(
    null,
    { min: 8388608, max: 2147483648 },
    'Memory for the newest records and for requests, which stays with the process once touched; what requests take beyond it is given back. Default: 48 MB more than ks.tail.bytes (64 MB in an embedded broker).',
  ),
  'ks.tail.bytes': long(
    67108864,
    { min: 1048576 },
    'Most bytes of the newest records that are kept in memory for readers.',
  ),
  'ks.response.pinned.bytes': int(
    1048576,
    { min: 0 },
    'Most record bytes in memory that one slow connection may hold; more are read from file.',
  ),
  'ks.slow.reader.timeout.ms': int(
    30000,
    { min: 1 },
    'A connection that takes none of its response so long is closed.',
  ),
  'ks.shutdown.timeout.ms': int(10000, { min: 0 }, 'Longest wait for requests under way when the broker stops.'),
} as const;
