import type { BrokerConfig } from '../config/broker-config.ts';
import type { BrokerLayers } from '../config/config-entry.ts';
import { listenerLimits, parseConnectionsPerIp } from '../config/connection-limits.ts';
import { brokerValuesInForce, valueInForce } from '../config/dynamic-broker-config.ts';
import type { ServerLimits } from './broker-server.ts';
import type { ConnectionCounts } from './connection-gate.ts';

/** queued.max.request.bytes where it says -1. */
const QUEUED_BYTES = 134_217_728;
/** A request that holds memory others wait for, and does not go on, is given up after this. */
const STALLED_MS = 5000;

/** Response bytes, those of records aside, that all slow connections together may leave unsent before they are hurried. */
const UNSENT_IN_ALL = 67_108_864;

/**
 * What the configuration in force says about how many connections there may be. `descriptorsMax`: those that the system lets be open,
 * whatever the configuration says: where connections took the last one, the log could no longer open its files.
 */
export function connectionCounts(layers: BrokerLayers, descriptorsMax: number): ConnectionCounts {
  const values = brokerValuesInForce(layers);
  return {
    connectionsMax: Math.min(values['max.connections'], descriptorsMax),
    connectionsPerIpMax: values['max.connections.per.ip'],
    perIpOverrides: parseConnectionsPerIp(values['max.connections.per.ip.overrides']) ?? new Map(),
    creationRateMax: values['max.connection.creation.rate'],
    byListener: listenerLimits(layers.config, (name, def) => valueInForce(name, def, layers)),
  };
}

/** What the configuration says about connections. */
export function serverLimits(config: BrokerConfig, descriptorsMax = Number.POSITIVE_INFINITY): ServerLimits {
  const { values } = config;
  const queuedBytes = values['queued.max.request.bytes'];
  return {
    requestBytesMax: values['socket.request.max.bytes'],
    inFlightMax: values['queued.max.requests'],
    unsentBytesMax: values['ks.response.pinned.bytes'],
    idleMs: values['connections.max.idle.ms'],
    slowReaderMs: values['ks.slow.reader.timeout.ms'],
    stalledMs: STALLED_MS,
    unsentInAllMax: UNSENT_IN_ALL,
    ...connectionCounts({ config }, descriptorsMax),
    queuedBytesMax: queuedBytes < 0 ? QUEUED_BYTES : queuedBytes,
  };
}
