import { createCore } from '@ks/core-wasm';
import { createCodec } from '@ks/protocol';
import { createMemoryFiles } from './adapters/memory-files.ts';
import { createNodeClock } from './adapters/node-clock.ts';
import { createNodeDiskSpace } from './adapters/node-disk-space.ts';
import { createNodeFiles } from './adapters/node-files.ts';
import { createNodeHttpEndpoint } from './adapters/node-http-endpoint.ts';
import { descriptorsMax, machineName, resolveHostName } from './adapters/node-host.ts';
import { createNodeRandom } from './adapters/node-random.ts';
import { createPrometheusMetrics } from './adapters/prometheus.ts';
import { createTcpNetwork } from './adapters/tcp-network.ts';
import type { BrokerAdapters } from './broker.ts';
import type { BrokerConfig } from './config/broker-config.ts';
import { openMetadataStore } from './open-metadata-store.ts';
import type { Logger } from './ports/logger.ts';

/** What a broker's memory is reserved to beyond `ks.tail.bytes`: for requests, and for tails that a slow disk holds up. */
const MEMORY_BESIDE_TAILS_BYTES = 50_331_648;
/** No key lets it be more. */
const MEMORY_BYTES_MAX = 2_147_483_648;
/** Connections that may wait to be accepted: with Kafka's 50, a crowd that comes back at once waits for TCP to try again. */
const BACKLOG = 511;

export interface NodeAdaptersOptions {
  readonly config: BrokerConfig;
  readonly logger: Logger;
  /** Keeps everything in memory: nothing is written to disk, nothing survives the broker. */
  readonly inMemory?: boolean;
}

function memoryBytesOf({ values }: BrokerConfig): number {
  return values['ks.memory.bytes'] ?? Math.min(MEMORY_BYTES_MAX, values['ks.tail.bytes'] + MEMORY_BESIDE_TAILS_BYTES);
}

/** The real world: this machine's clock, sockets, disk. */
export async function createNodeAdapters({
  config,
  logger,
  inMemory = false,
}: NodeAdaptersOptions): Promise<BrokerAdapters> {
  const { values } = config;
  const core = createCore({ memoryBytes: memoryBytesOf(config) });
  const metrics = createPrometheusMetrics({ withProcess: !inMemory });
  const clock = createNodeClock();
  const isNamed = config.listeners.advertised.every(({ host }) => host !== '');
  return {
    clock,
    random: createNodeRandom(),
    files: inMemory ? createMemoryFiles() : createNodeFiles(),
    network: createTcpNetwork({
      accept: values['ks.network.accept'] === 'copied' ? 'copied' : 'direct',
      backlog: config.explicit.has('socket.listen.backlog.size') ? values['socket.listen.backlog.size'] : BACKLOG,
    }),
    logger,
    metrics,
    exposition: metrics,
    http: createNodeHttpEndpoint(),
    core,
    codec: createCodec(core),
    openMetadataStore: (directory) => openMetadataStore({ config, clock, directory: inMemory ? undefined : directory }),
    ...(inMemory ? {} : { diskSpace: createNodeDiskSpace() }),
    descriptorsMax: await descriptorsMax(),
    machine: machineName(),
    hostName: isNamed ? 'localhost' : await resolveHostName(),
  };
}
