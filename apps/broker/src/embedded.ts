import { createBroker } from './broker.ts';
import { brokerConfigOf } from './config/broker-config.ts';
import { createNodeAdapters } from './node-adapters.ts';
import type { Logger } from './ports/logger.ts';
import { silentLogger } from './silent-logger.ts';

/** A broker within this process, for tests and tools. */
export interface EmbeddedBrokerOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** Default 127.0.0.1. Also what clients are told. */
  readonly host?: string;
  /** Where the data lies; without it everything is in memory. */
  readonly directory?: string;
  /** Kafka's broker keys, over the defaults: `{ 'num.partitions': '3' }`. */
  readonly config?: Readonly<Record<string, string>>;
  /** Default: nothing is logged. */
  readonly logger?: Logger;
  /** Something failed that the broker cannot go on without. */
  readonly failed?: (error: Error) => void;
}

export interface EmbeddedBroker extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** `host:port`, as clients take it. */
  readonly bootstrap: string;
  /** Of `ks.http.listener`, where the config has one. */
  readonly httpPort: number | undefined;
  /** Stops in order; with a directory the data can be opened again. Further calls wait for the first. */
  stop(): Promise<void>;
}

/** An embedded broker shares its process with others: it takes less memory and tells its own address. */
function embeddedDefaults({ host = '127.0.0.1', port = 0, directory }: EmbeddedBrokerOptions): Record<string, string> {
  return {
    listeners: `PLAINTEXT://${host.includes(':') ? `[${host}]` : host}:${port}`,
    'log.dirs': directory ?? '/ks',
    'ks.memory.bytes': '67108864',
    'ks.tail.bytes': '16777216',
  };
}

/** Starts a broker that serves when the promise settles. Rejects as `Broker.start` does. */
export async function startEmbeddedBroker(options: EmbeddedBrokerOptions = {}): Promise<EmbeddedBroker> {
  const { config, warnings } = brokerConfigOf(
    new Map(Object.entries({ ...embeddedDefaults(options), ...options.config })),
  );
  const logger = options.logger ?? silentLogger;
  for (const warning of warnings) logger.warn({}, warning);
  const adapters = await createNodeAdapters({ config, logger, inMemory: options.directory === undefined });
  const broker = createBroker({ config, adapters, ...(options.failed ? { failed: options.failed } : {}) });
  await broker.start();
  const [listener] = broker.listeners;
  if (listener === undefined) throw new Error('a started broker listens somewhere');
  const { port } = listener;
  const host = config.listeners.advertised[0]?.host || '127.0.0.1';
  return {
    host,
    port,
    bootstrap: `${host.includes(':') ? `[${host}]` : host}:${port}`,
    httpPort: broker.httpPort,
    stop: () => broker.stop(),
    [Symbol.asyncDispose]: () => broker.stop(),
  };
}
