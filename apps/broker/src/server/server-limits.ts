import type { BrokerConfig } from '../config/broker-config.ts';
import type { ServerLimits } from './broker-server.ts';

/** queued.max.request.bytes where it says -1. */
const QUEUED_BYTES = 134_217_728;
/** A request that holds memory others wait for, and does not go on, is given up after this. */
const STALLED_MS = 5000;

/** What the configuration says about connections. */
export function serverLimits({ values }: BrokerConfig): ServerLimits {
  const queuedBytes = values['queued.max.request.bytes'];
  return {
    requestBytesMax: values['socket.request.max.bytes'],
    inFlightMax: values['queued.max.requests'],
    unsentBytesMax: values['ks.response.pinned.bytes'],
    idleMs: values['connections.max.idle.ms'],
    slowReaderMs: values['ks.slow.reader.timeout.ms'],
    stalledMs: STALLED_MS,
    connectionsMax: values['max.connections'],
    connectionsPerIpMax: values['max.connections.per.ip'],
    queuedBytesMax: queuedBytes < 0 ? QUEUED_BYTES : queuedBytes,
  };
}
