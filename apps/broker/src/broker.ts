import type { Core } from '@ks/core-wasm';
import { cleanerSettings, groupConfigOf, housekeepingIntervals, topicSettings } from './broker-settings.ts';
import type { BrokerConfig } from './config/broker-config.ts';
import type { Listener } from './config/listeners.ts';
import { FetchSessionCache } from './core/fetch-session/session-cache.ts';
import { advertisedApis } from './handlers/advertise.ts';
import type { BrokerServices } from './handlers/broker-services.ts';
import { handlers } from './handlers/index.ts';
import { type Health, httpRoutes } from './http-routes.ts';
import { initialFeatures } from './core/metadata/features.ts';
import type { Clock } from './ports/clock.ts';
import type { Codec } from './ports/codec.ts';
import type { DiskSpace } from './ports/disk-space.ts';
import type { Files } from './ports/files.ts';
import type { Logger } from './ports/logger.ts';
import type { MetadataStore } from './ports/metadata-store.ts';
import type { HttpEndpoint, HttpServing } from './ports/http-endpoint.ts';
import type { Metrics, MetricsExposition } from './ports/metrics.ts';
import type { Network } from './ports/network.ts';
import type { Random } from './ports/random.ts';
import { type BrokerRegistration, ensureCluster, registerBroker } from './runtime/broker-registration.ts';
import { brokerValues } from './runtime/broker-values.ts';
import { ControllerClusterAdmin } from './runtime/cluster-admin.ts';
import { registerClusterMetrics } from './runtime/cluster-metrics.ts';
import { ControllerConfigAdmin } from './runtime/config-admin.ts';
import { createReplicaManager } from './runtime/create-replica-manager.ts';
import { createTransactionCoordinator } from './runtime/create-transaction-coordinator.ts';
import type { GroupCoordinatorHost } from './runtime/group-coordinator.ts';
import { registerGroupLag } from './runtime/group-lag.ts';
import { GroupCoordinatorService } from './runtime/group-coordinator-service.ts';
import { MetadataController } from './runtime/metadata-controller.ts';
import { MetadataLoader } from './runtime/metadata-loader.ts';
import { registerPartitionMetrics } from './runtime/partition-metrics.ts';
import type { HostedPartition, ReplicaHost } from './runtime/replica-manager.ts';
import { ControllerTopicAdmin } from './runtime/topic-admin-controller.ts';
import type { TransactionCoordinatorHost } from './runtime/transaction-coordinator.ts';
import { brokerLayers, electionRules } from './runtime/topic-admin-rules.ts';
import { BrokerServer } from './server/broker-server.ts';
import { Dispatcher } from './server/dispatch.ts';
import { createRequestMetrics } from './server/request-metrics.ts';
import { registerServerMetrics } from './server/server-metrics.ts';
import { connectionCounts, serverLimits } from './server/server-limits.ts';
import { LogDirectory } from './storage/log-directory.ts';
import { listenError } from './start-error.ts';
import { createLogEnvironment, type LogEnvironment } from './storage/log-environment.ts';
import { createRecordValidator } from './storage/record-validator.ts';
import { SlabPool } from './storage/slab-pool.ts';

/** Log files held open at a time, where the system lets so many be open. */
const OPEN_FILES_MAX = 1024;
/** Descriptors left for everything else: the metadata store, listeners, files on their way. */
const OTHER_DESCRIPTORS = 128;
/** Partitions that incremental fetch sessions may hold together: some 100 MB. */
const FETCH_SESSION_PARTITIONS_MAX = 500_000;
/** How long a stop lets responses leave before it closes the logs they may be read from. */
const SETTLE_MS = 250;

/** The world a broker runs in. */
export interface BrokerAdapters {
  readonly clock: Clock;
  readonly random: Random;
  readonly files: Files;
  readonly network: Network;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** What `ks.http.listener` shows of the metrics; without it there is nothing to show. */
  readonly exposition?: MetricsExposition;
  readonly http?: HttpEndpoint;
  readonly core: Core;
  readonly codec: Codec;
  /** Opens the metadata store that lies in a directory. */
  openMetadataStore(directory: string): Promise<MetadataStore>;
  /** The name by which other machines reach this one; `localhost` where it has none that resolves. */
  readonly hostName: string;
  /** Default: nothing is known of it. */
  readonly diskSpace?: DiskSpace;
  /** Files and sockets that the process may have open at a time. Default: no end. */
  readonly descriptorsMax?: number;
}

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

/** What exists once the cluster is known. */
interface Parts {
  readonly loader: MetadataLoader;
  readonly metadataController: MetadataController;
  readonly groups: GroupCoordinatorHost;
  readonly transactions: TransactionCoordinatorHost;
  readonly server: BrokerServer;
}

class ComposedBroker implements Broker {
  readonly #config: BrokerConfig;
  readonly #adapters: BrokerAdapters;
  readonly #failed: (error: Error) => void;
  readonly #slabs: SlabPool;
  readonly #openFilesMax: number;
  /** What the system leaves for connections. */
  readonly #connectionsMax: number;
  readonly #environment: LogEnvironment;
  readonly #replicas: ReplicaHost;
  /** Those that the replica manager has not taken over. */
  #directories: LogDirectory[] = [];
  #store: MetadataStore | undefined;
  #parts: Parts | undefined;
  #registration: BrokerRegistration | undefined;
  #listeners: readonly Listener[] = [];
  #isReady = false;
  #isStopping = false;
  #http: HttpServing | undefined;
  #stopping: Promise<void> | undefined;

  constructor({ config, adapters, failed, slabs }: BrokerOptions) {
    this.#config = config;
    this.#adapters = adapters;
    this.#failed = failed ?? (() => undefined);
    this.#slabs = slabs ?? new SlabPool(adapters.core);
    const descriptorsMax = adapters.descriptorsMax ?? Number.POSITIVE_INFINITY;
    this.#openFilesMax = Math.min(OPEN_FILES_MAX, Math.floor(descriptorsMax / 4));
    this.#connectionsMax = Math.max(1, descriptorsMax - this.#openFilesMax - OTHER_DESCRIPTORS);
    this.#environment = createLogEnvironment({
      ...adapters,
      slabs: this.#slabs,
      tailBudgetBytes: config.values['ks.tail.bytes'],
      openFilesMax: this.#openFilesMax,
    });
    this.#replicas = createReplicaManager({
      brokerId: config.nodeId,
      clock: adapters.clock,
      logger: adapters.logger,
      validator: createRecordValidator(adapters.core, adapters.codec),
      settingsOf: topicSettings(config),
      limits: { fetchMaxBytes: config.values['fetch.max.bytes'] },
      intervals: housekeepingIntervals(config),
      cleanerSettings: cleanerSettings(config),
      metrics: adapters.metrics,
    });
  }

  get listeners(): readonly Listener[] {
    return this.#listeners;
  }

  get httpPort(): number | undefined {
    return this.#http?.port;
  }

  partitions(): Iterable<HostedPartition> {
    return this.#replicas.partitions();
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
    await this.#acquireDirectories();
    const directories = this.#directories;
    const store = await this.#openStore();
    const clusterId = await this.#identify(store);
    const previousBrokerEpoch = commonEpoch(directories);
    await Promise.all(directories.map((directory) => directory.loadLogs()));
    this.#replicas.start(directories);
    this.#directories = [];
    const parts = this.#compose(store, clusterId);
    this.#parts = parts;
    this.#registerMetrics(parts);
    this.#listeners = await this.#listen(parts.server);
    await this.#serveHttp();
    await this.#join(store, parts, directories, previousBrokerEpoch);
    this.#isReady = true;
  }

  async #acquireDirectories(): Promise<void> {
    for (const path of this.#config.logDirs) {
      const directory = await LogDirectory.acquire({
        path,
        environment: this.#environment,
        configOf: (topic) => this.#replicas.logConfigOf(topic),
        hooks: this.#replicas.hooks,
        concurrency: Math.max(32, this.#config.values['num.recovery.threads.per.data.dir']),
      });
      this.#directories.push(directory);
    }
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
    });
    for (const directory of this.#directories) await directory.identify({ clusterId, nodeId: this.#config.nodeId });
    return clusterId;
  }

  #compose(store: MetadataStore, clusterId: string): Parts {
    const { clock, random, logger, metrics } = this.#adapters;
    const config = this.#config;
    const brokerId = config.nodeId;
    const loader = new MetadataLoader({ store, clock, logger, failed: this.#failed });
    const controller = new ControllerTopicAdmin({ store, metadata: loader, brokerId, clock, logger, config, random });
    const configs = new ControllerConfigAdmin({ store, metadata: loader, brokerId, clock, logger, config });
    const diskSpace = this.#adapters.diskSpace ?? { of: () => Promise.resolve(undefined) };
    const cluster = new ControllerClusterAdmin({ store, metadata: loader, brokerId, clock, logger });
    const electionRulesOf = electionRules(config, brokerId);
    const standForController = async () => this.#registration?.standForController();
    const metadataController = new MetadataController({
      ...{ store, brokerId, clock, logger, metrics },
      ...{ standForController, electionRulesOf },
    });
    const groups = this.#createGroups(loader, controller);
    const transactions = this.#createTransactions(store, loader, controller, groups);
    const replicas = this.#replicas;
    const apis = advertisedApis(handlers);
    const fetchSessions = new FetchSessionCache({
      slotsMax: config.values['max.incremental.fetch.session.cache.slots'],
      partitionsMax: FETCH_SESSION_PARTITIONS_MAX,
      random: (bound) => random.int(bound),
    });
    const server = this.#createServer({
      ...{ nodeId: brokerId, clusterId, config, clock, logger, apis },
      ...{ replicas, metadata: loader, controller, cluster, configs, diskSpace, groups, transactions, fetchSessions },
    });
    loader.subscribe((previous, next) => {
      if (previous?.configs === next.configs) return;
      server.limitConnections(connectionCounts(brokerLayers(config, brokerId, next), this.#connectionsMax));
    });
    loader.subscribe((previous, next) => replicas.applyImage(previous, next));
    loader.subscribe((previous, next) => groups.applyImage(previous, next));
    loader.subscribe((_previous, next) => transactions.applyImage(next));
    loader.subscribe((previous, next) => metadataController.applyImage(previous, next, () => loader.state()));
    return { loader, metadataController, groups, transactions, server };
  }

  #createGroups(loader: MetadataLoader, controller: ControllerTopicAdmin): GroupCoordinatorHost {
    const { clock, random, logger, core, codec } = this.#adapters;
    const { values } = this.#config;
    const inForce = brokerValues(this.#config);
    return new GroupCoordinatorService({
      config: groupConfigOf(this.#config, () => inForce(loader.image())),
      commitTimeoutMs: values['offsets.commit.timeout.ms'],
      loadBufferBytes: values['offsets.load.buffer.size'],
      retentionCheckIntervalMs: values['offsets.retention.check.interval.ms'],
      replicas: this.#replicas,
      controller,
      image: () => loader.image(),
      checksum: core,
      ...{ codec, clock, random, logger },
    });
  }

  #createTransactions(
    store: MetadataStore,
    loader: MetadataLoader,
    controller: ControllerTopicAdmin,
    groups: GroupCoordinatorHost,
  ): TransactionCoordinatorHost {
    const { clock, random, logger, core, codec } = this.#adapters;
    return createTransactionCoordinator({
      ...{ config: this.#config, store, replicas: this.#replicas, controller, groups },
      ...{ image: () => loader.image(), checksum: core, codec, clock, random, logger },
    });
  }

  #createServer(services: BrokerServices): BrokerServer {
    const { network, clock, logger } = this.#adapters;
    const { memory } = this.#environment;
    return new BrokerServer({
      network,
      clock,
      logger,
      dispatcher: new Dispatcher(handlers, services, () => true, createRequestMetrics(this.#adapters.metrics)),
      limits: serverLimits(this.#config, this.#connectionsMax),
      memory: this.#slabs,
      // Clients that come before the first image is in force wait, as they do while the log's memory is full.
      isFull: () => !this.#isReady || memory.isFull,
    });
  }

  #registerMetrics({ loader, groups, server }: Parts): void {
    const { metrics, clock } = this.#adapters;
    registerClusterMetrics(metrics, this.#config.nodeId, () => loader.image());
    registerPartitionMetrics(metrics, this.#replicas);
    registerGroupLag(metrics, { groups, replicas: this.#replicas, clock });
    registerServerMetrics(metrics, {
      connectionCount: () => server.connectionCount,
      requestBytes: () => server.requestBytes,
      unsentBytes: () => server.unsentBytes,
      traffic: server.traffic,
      tailBytes: () => this.#environment.memory.usedBytes,
      freeBytes: () => this.#slabs.freeBytes,
    });
  }

  /** Metrics and health over HTTP, where `ks.http.listener` says so. */
  async #serveHttp(): Promise<void> {
    const { exposition, http, logger } = this.#adapters;
    const { httpListener } = this.#config;
    if (httpListener === undefined || exposition === undefined || http === undefined) return;
    const answer = httpRoutes(exposition, () => this.#health());
    this.#http = await http.serve(httpListener, answer).catch((error: unknown) => {
      throw listenError('ks.http.listener', `http://${httpListener.host}:${httpListener.port}`, error);
    });
    logger.info(
      { host: httpListener.host, port: this.#http.port },
      'Metrics at /metrics, health at /health and /ready',
    );
  }

  #health(): Health {
    const directories = this.#replicas.logDirectories();
    const paths = (isOffline: boolean): string[] =>
      directories.filter((directory) => directory.isOffline === isOffline).map(({ path }) => path);
    return {
      isReady: this.#isReady && !this.#isStopping && paths(false).length > 0,
      onlineLogDirs: paths(false),
      offlineLogDirs: paths(true),
    };
  }

  async #listen(server: BrokerServer): Promise<readonly Listener[]> {
    const bound: Listener[] = [];
    for (const listener of this.#config.listeners.listeners) {
      bound.push(
        await server.listen(listener).catch((error: unknown) => {
          throw listenError('listeners', `${listener.name}://${listener.host}:${listener.port}`, error);
        }),
      );
    }
    return bound;
  }

  /** What clients are told: the configured address, with the bound port for 0 and this machine's name for no host. */
  #advertised(): readonly { listenerName: string; host: string; port: number }[] {
    return this.#config.listeners.advertised.map(({ name, host, port }) => {
      const bound = this.#listeners.find((listener) => listener.name === name);
      const isAnyHost = host === '' || host === '0.0.0.0' || host === '::';
      return {
        listenerName: name,
        host: isAnyHost ? this.#adapters.hostName : host,
        port: port === 0 ? (bound?.port ?? 0) : port,
      };
    });
  }

  /** Registers, elects leaders where this broker is the controller, and puts the first image in force. */
  async #join(
    store: MetadataStore,
    { loader, metadataController, groups, transactions }: Parts,
    directories: readonly LogDirectory[],
    previousBrokerEpoch: number,
  ): Promise<void> {
    const { values, nodeId } = this.#config;
    const { random, clock, logger } = this.#adapters;
    const description = {
      brokerId: nodeId,
      endpoints: this.#advertised(),
      rack: values['broker.rack'],
      host: this.#adapters.hostName,
      logDirIds: directories.map(({ directoryId }) => directoryId),
      previousBrokerEpoch,
      leaseTtlMs: values['broker.session.timeout.ms'],
    };
    this.#registration = await registerBroker(store, random, description, { clock, logger, failed: this.#failed });
    await metadataController.settleBirths();
    await loader.start();
    groups.start();
    transactions.start();
  }

  async #stop(): Promise<void> {
    this.#isStopping = true;
    const parts = this.#parts;
    const deadlineMs = this.#adapters.clock.monotonicMs() + this.#config.values['ks.shutdown.timeout.ms'];
    const brokerEpoch = this.#isReady ? this.#registration?.brokerEpoch : undefined;
    await parts?.server.quiesce();
    parts?.transactions.stop();
    parts?.groups.stop();
    await parts?.server.settle(Math.min(SETTLE_MS, this.#config.values['ks.shutdown.timeout.ms']));
    // Answers whatever is still parked, flushes, closes the logs.
    await this.#replicas.stop(brokerEpoch);
    await parts?.server.settle(Math.max(0, deadlineMs - this.#adapters.clock.monotonicMs()));
    parts?.server.close();
    // Responses that were still being sent may have opened files of closed logs again.
    await this.#environment.handles.close();
    await parts?.metadataController.stop();
    await parts?.loader.stop();
    await this.#registration?.end();
    for (const directory of this.#directories) await directory.close(undefined);
    await this.#store?.close();
    await this.#http?.close();
    if (this.#isReady) this.#adapters.logger.info({ nodeId: this.#config.nodeId }, 'Stopped');
  }
}

/** The broker epoch of the last clean stop, where all directories that took part in it agree; else -1. */
function commonEpoch(directories: readonly LogDirectory[]): number {
  const [first = -1, ...others] = directories.map(({ previousBrokerEpoch }) => previousBrokerEpoch);
  return others.every((epoch) => epoch === first) ? first : -1;
}
