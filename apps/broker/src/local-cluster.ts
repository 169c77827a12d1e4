import { createNodeFiles } from './adapters/node-files.ts';
import { SharedMetadataStore } from './adapters/shared-metadata-store.ts';
import { openSqliteMetadataStore } from './adapters/sqlite-metadata-store.ts';
import { type Broker, createBroker } from './broker.ts';
import { environmentName, loadConfig } from './config/load-config.ts';
import { createNodeAdapters } from './node-adapters.ts';
import type { Logger } from './ports/logger.ts';
import { StartError } from './start-error.ts';

/** Several brokers of one process, over one embedded store: for development and tests. */
export interface LocalClusterOptions {
  readonly brokerCount: number;
  /** Address to listen on, which is also what clients are told. */
  readonly host: string;
  /** Of the first broker, the next ones follow; 0: any free ones. */
  readonly port: number;
  /** Where the data lies; without it everything is in memory. */
  readonly directory?: string;
  /** Broker keys of all brokers, over the environment's. */
  readonly config?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
  /** Something failed that a broker cannot go on without. */
  readonly failed?: (error: Error) => void;
}

/** One broker of a local cluster, as clients reach it. */
export interface LocalBroker {
  readonly brokerId: number;
  readonly host: string;
  readonly port: number;
}

export interface LocalCluster {
  readonly brokers: readonly LocalBroker[];
  /** Stops all in order. Further calls wait for the first. */
  stop(): Promise<void>;
}

/** As many replicas as Kafka's defaults want, where there are so many brokers. */
const REPLICAS_MAX = 3;
const IN_MEMORY = '/ks';

/** Starts the brokers one after the other; all serve when the promise settles. Rejects as `Broker.start` does, with none left running. */
export async function startLocalCluster(options: LocalClusterOptions): Promise<LocalCluster> {
  const { directory, brokerCount } = options;
  if (directory !== undefined) await checkDirectory(directory);
  const path = directory === undefined ? ':memory:' : `${directory}/metadata.sqlite`;
  const store = new SharedMetadataStore(async () => openSqliteMetadataStore({ path }));
  const started: Broker[] = [];
  // Held until all have started, so that a store in memory stays the same one.
  const hold = await store.share();
  try {
    for (let index = 0; index < brokerCount; index++) started.push(await startOne(options, index, store));
  } catch (error) {
    await stopAll(started);
    throw error;
  } finally {
    await hold.close();
  }
  let stopping: Promise<void> | undefined;
  return {
    brokers: started.map(({ listeners: [listener] }, index) => ({
      brokerId: index + 1,
      host: options.host,
      port: listener?.port ?? 0,
    })),
    stop: () => {
      stopping ??= stopAll(started);
      return stopping;
    },
  };
}

/** Whether a directory holds the brokers of a local cluster. */
export async function holdsLocalCluster(directory: string): Promise<boolean> {
  try {
    return await createNodeFiles().exists(`${directory}/broker-1/meta.properties`);
  } catch {
    // No directory at all: starting says what is wrong with it.
    return false;
  }
}

async function checkDirectory(directory: string): Promise<void> {
  const files = createNodeFiles();
  await files.makeDirectory(directory).catch((error: unknown) => {
    throw new StartError(`log.dirs: ${error instanceof Error ? error.message : directory}`, error);
  });
  if (await files.exists(`${directory}/meta.properties`)) {
    throw new StartError(`${directory} holds the data of a single broker: several need a directory of their own`);
  }
}

async function startOne(options: LocalClusterOptions, index: number, store: SharedMetadataStore): Promise<Broker> {
  const { environment, directory, failed } = options;
  const { config, warnings } = loadConfig({
    ...(environment === undefined ? {} : { environment }),
    flags: new Map(Object.entries({ ...defaultsOf(options), ...options.config, ...ownKeys(options, index) })),
  });
  const logger = options.logger.child({ broker: index + 1 });
  if (index === 0) for (const warning of warnings) options.logger.warn({}, warning);
  const adapters = await createNodeAdapters({ config, logger, inMemory: directory === undefined });
  const broker = createBroker({
    config,
    adapters: { ...adapters, openMetadataStore: () => store.share() },
    ...(failed ? { failed } : {}),
  });
  await broker.start();
  return broker;
}

/** What a cluster of this size should have, unless the caller wants it otherwise. */
function defaultsOf({ brokerCount, environment = {}, directory }: LocalClusterOptions): Record<string, string> {
  const replicas = String(Math.min(REPLICAS_MAX, brokerCount));
  const keys = [
    'default.replication.factor',
    'offsets.topic.replication.factor',
    'transaction.state.log.replication.factor',
  ];
  const asked = keys.filter((key) => environment[environmentName(key)] === undefined);
  const memory = directory === undefined ? { 'ks.memory.bytes': '67108864', 'ks.tail.bytes': '16777216' } : {};
  return { ...memory, ...Object.fromEntries(asked.map((key) => [key, replicas])) };
}

/** What no two brokers may share. */
function ownKeys({ host, port, directory, config }: LocalClusterOptions, index: number): Record<string, string> {
  const address = host.includes(':') ? `[${host}]` : host;
  const http = config?.['ks.http.listener'];
  const own = {
    'node.id': String(index + 1),
    listeners: `PLAINTEXT://${address}:${port === 0 ? 0 : port + index}`,
    'log.dirs': `${directory ?? IN_MEMORY}/broker-${index + 1}`,
  };
  return http === undefined ? own : { ...own, 'ks.http.listener': next(http, index) };
}

/** The address with a port that is higher by `by`; any free one stays any free one. */
function next(address: string, by: number): string {
  return address.replace(/:(\d+)$/, (whole, port: string) => (Number(port) === 0 ? whole : `:${Number(port) + by}`));
}

/** The first broker last: it is the controller as long as none has failed, and moves leaders away from the others. */
async function stopAll(brokers: readonly Broker[]): Promise<void> {
  const [first, ...others] = brokers;
  await Promise.all(others.map((broker) => broker.stop()));
  await first?.stop();
}
