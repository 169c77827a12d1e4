import type { BrokerAdapters } from './broker-adapters.ts';
import { healthOf, serveHttp } from './broker-http.ts';
import { advertisedEndpoints, bindListeners } from './broker-listeners.ts';
import { type BrokerParts, composeParts, registerBrokerMetrics } from './broker-parts.ts';
import { acquireLogDirectory, type BrokerStorage, createBrokerStorage } from './broker-storage.ts';
import type { BrokerConfig } from './config/broker-config.ts';
import type { Listener } from './config/listeners.ts';
import { initialFeatures } from './core/metadata/features.ts';
import type { HttpServing } from './ports/http-endpoint.ts';
import type { MetadataStore } from './ports/metadata-store.ts';
import { type BrokerRegistration, ensureCluster, registerBroker } from './runtime/broker-registration.ts';
import { handOverLeadership } from './runtime/controlled-shutdown.ts';
import type { HostedPartition } from './runtime/replica-manager.ts';
import type { LogDirectory } from './storage/log-directory.ts';
import type { SlabPool } from './storage/slab-pool.ts';

export type { BrokerAdapters } from './broker-adapters.ts';

/** How long a stop lets responses leave before it closes the logs they may be read from. */
const SETTLE_MS = 250;

export interface BrokerOptions {
  readonly config: BrokerConfig;
  readonly adapters: BrokerAdapters;
  /** Something failed that the broker cannot go on without; it is still to be stopped. */
  readonly failed?: (error: Error) => void;
  /** The core's heap, where the caller wants to watch it (tests); else a pool is made. */
  readonly slabs?: SlabPool;
}

/** A broker, from `start` to `stop`. */
export interface Broker {
  /** Listening addresses with the ports that were bound; empty before `start` has settled. */
  readonly listeners: readonly Listener[];
  /** The port that `ks.http.listener` is served on; undefined where it is not. */
  readonly httpPort: number | undefined;
  /** The replicas hosted now, to look at. */
  partitions(): Iterable<HostedPartition>;
  /** Settles when clients are served. Rejects, with everything given back, where the broker cannot run. */
  start(): Promise<void>;
  /**
   * Stops accepting, answers what is under way (at most ks.shutdown.timeout.ms), flushes, writes checkpoints and the clean
   * shutdown marker, closes. Further calls wait for the first.
   */
  stop(): Promise<void>;
}

/** The only place where a broker's parts are put together. */
export function createBroker(options: BrokerOptions): Broker {
  return new ComposedBroker(options);
}

class ComposedBroker implements Broker {
  readonly #config: BrokerConfig;
  readonly #adapters: BrokerAdapters;
  readonly #failed: (error: Error) => void;
  readonly #storage: BrokerStorage;
  /** Those that the replica manager has not taken over. */
  #directories: LogDirectory[] = [];
  #store: MetadataStore | undefined;
  #parts: BrokerParts | undefined;
  #registration: BrokerRegistration | undefined;
  #listeners: readonly Listener[] = [];
  /** Clients that come before the first image is in force wait, as they do while the log's memory is full. */
  #isReady = false;
  #isStopping = false;
  #http: HttpServing | undefined;
  #stopping: Promise<void> | undefined;

  constructor({ config, adapters, failed, slabs }: BrokerOptions) {
    this.#config = config;
    this.#adapters = adapters;
    this.#failed = failed ?? (() => undefined);
    this.#storage = createBrokerStorage(config, adapters, slabs);
  }

  get listeners(): readonly Listener[] {
    return this.#listeners;
  }

  get httpPort(): number | undefined {
    return this.#http?.port;
  }

  partitions(): Iterable<HostedPartition> {
    return this.#storage.replicas.partitions();
  }

  async start(): Promise<void> {
    const { clock, logger } = this.#adapters;
    const startedMs = clock.monotonicMs();
    try {
      await this.#start();
    } catch (error) {
      await this.stop();
      throw error;
    }
    const tookMs = Math.round(clock.monotonicMs() - startedMs);
    const listeners = this.#listeners.map(({ name, host, port }) => `${name}://${host}:${port}`);
    logger.info({ nodeId: this.#config.nodeId, listeners, logDirs: this.#config.logDirs, tookMs }, 'Ready');
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #start(): Promise<void> {
    for (const path of this.#config.logDirs) {
      this.#directories.push(await acquireLogDirectory(path, this.#config, this.#storage));
    }
    const directories = this.#directories;
    const store = await this.#openStore();
    const clusterId = await this.#identify(store);
    const previousBrokerEpoch = commonEpoch(directories);
    await Promise.all(directories.map((directory) => directory.loadLogs()));
    const { replicas } = this.#storage;
    replicas.start(directories);
    this.#directories = [];
    const parts = this.#compose(store, clusterId);
    this.#parts = parts;
    registerBrokerMetrics(this.#config, this.#adapters, this.#storage, parts);
    this.#listeners = await bindListeners(parts.server, this.#config.listeners);
    const isServing = (): boolean => this.#isReady && !this.#isStopping;
    this.#http = await serveHttp(this.#config, this.#adapters, () => healthOf(replicas, isServing()));
    await this.#join(store, parts, directories, previousBrokerEpoch);
    this.#isReady = true;
  }

  async #openStore(): Promise<MetadataStore> {
    const directory = this.#config.values['metadata.log.dir'] ?? this.#config.logDirs[0] ?? '.';
    await this.#adapters.files.makeDirectory(directory);
    this.#store = await this.#adapters.openMetadataStore(directory);
    return this.#store;
  }

  /** Ties the directories to the store's cluster and to this node. */
  async #identify(store: MetadataStore): Promise<string> {
    const known = this.#directories.find((directory) => directory.clusterId !== undefined)?.clusterId;
    const clusterId = await ensureCluster(store, this.#adapters.random, {
      clusterId: known,
      features: initialFeatures,
      brokerId: this.#config.nodeId,
    });
    for (const directory of this.#directories) await directory.identify({ clusterId, nodeId: this.#config.nodeId });
    return clusterId;
  }

  #compose(store: MetadataStore, clusterId: string): BrokerParts {
    return composeParts({
      ...{ store, clusterId, failed: this.#failed },
      ...{ config: this.#config, adapters: this.#adapters, storage: this.#storage },
      standForController: async () => this.#registration?.standForController(),
      registration: () => this.#registration,
      isReady: () => this.#isReady,
    });
  }

  /** Registers, elects leaders where this broker is the controller, and puts the first image in force. */
  async #join(
    store: MetadataStore,
    { loader, metadataController, groups, transactions }: BrokerParts,
    directories: readonly LogDirectory[],
    previousBrokerEpoch: number,
  ): Promise<void> {
    const { values, nodeId, listeners } = this.#config;
    const { random, hostName, machine, clock, logger } = this.#adapters;
    const description = {
      brokerId: nodeId,
      endpoints: advertisedEndpoints(listeners, this.#listeners, hostName),
      rack: values['broker.rack'],
      host: values['ks.host'] ?? machine ?? hostName,
      // Asked for at each registration: one that went offline since is named no more.
      get logDirIds() {
        return directories.filter(({ isOffline }) => !isOffline).map(({ directoryId }) => directoryId);
      },
      previousBrokerEpoch,
      leaseTtlMs: values['broker.session.timeout.ms'],
    };
    this.#registration = await registerBroker(store, random, description, { clock, logger, failed: this.#failed });
    await metadataController.settleBirths();
    await loader.start();
    groups.start();
    transactions.start();
  }

  /** Has others lead what this broker leads, while it still serves. */
  async #handOver({ loader }: BrokerParts, registration: BrokerRegistration): Promise<void> {
    const { clock, logger } = this.#adapters;
    const { values, nodeId: brokerId } = this.#config;
    if (!this.#isReady || !values['controlled.shutdown.enable']) return;
    const timeoutMs = values['ks.shutdown.timeout.ms'];
    await handOverLeadership({ brokerId, registration, image: () => loader.image(), clock, logger, timeoutMs });
  }

  async #stop(): Promise<void> {
    this.#isStopping = true;
    const parts = this.#parts;
    const { clock, logger } = this.#adapters;
    const timeoutMs = this.#config.values['ks.shutdown.timeout.ms'];
    const deadlineMs = clock.monotonicMs() + timeoutMs;
    const brokerEpoch = this.#isReady ? this.#registration?.brokerEpoch : undefined;
    if (parts !== undefined && this.#registration !== undefined) await this.#handOver(parts, this.#registration);
    await parts?.server.quiesce();
    parts?.transactions.stop();
    parts?.groups.stop();
    await parts?.server.settle(Math.min(SETTLE_MS, timeoutMs));
    parts?.channels.close();
    // Answers whatever is still parked, flushes, closes the logs.
    await this.#storage.replicas.stop(brokerEpoch);
    await parts?.server.settle(Math.max(0, deadlineMs - clock.monotonicMs()));
    parts?.server.close();
    // Responses that were still being sent may have opened files of closed logs again.
    await this.#storage.environment.handles.close();
    await parts?.metadataController.stop();
    await parts?.loader.stop();
    await this.#registration?.end();
    for (const directory of this.#directories) await directory.close(undefined);
    await this.#store?.close();
    await this.#http?.close();
    if (this.#isReady) logger.info({ nodeId: this.#config.nodeId }, 'Stopped');
  }
}

/** The broker epoch of the last clean stop, where all directories that took part in it agree; else -1. */
function commonEpoch(directories: readonly LogDirectory[]): number {
  const [first = -1, ...others] = directories.map(({ previousBrokerEpoch }) => previousBrokerEpoch);
  return others.every((epoch) => epoch === first) ? first : -1;
}
