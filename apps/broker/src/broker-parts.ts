import { compressionTypes } from '@ks/protocol';
import type { BrokerAdapters } from './broker-adapters.ts';
import { groupConfigOf } from './broker-settings.ts';
import type { BrokerStorage } from './broker-storage.ts';
import type { BrokerConfig } from './config/broker-config.ts';
import { FetchSessionCache } from './core/fetch-session/session-cache.ts';
import { advertisedApis } from './handlers/advertise.ts';
import type { BrokerServices } from './handlers/broker-services.ts';
import { handlers } from './handlers/index.ts';
import type { MetadataStore } from './ports/metadata-store.ts';
import type { BrokerChannelsHost } from './runtime/broker-channels.ts';
import { brokerValues } from './runtime/broker-values.ts';
import { ControllerClusterAdmin } from './runtime/cluster-admin.ts';
import { registerClusterMetrics } from './runtime/cluster-metrics.ts';
import { ControllerConfigAdmin } from './runtime/config-admin.ts';
import { EnvelopeControllerChannel } from './runtime/controller-channel.ts';
import { createTransactionCoordinator } from './runtime/create-transaction-coordinator.ts';
import { registerFetchSessionMetrics } from './runtime/fetch-session-metrics.ts';
import { ForwardingTopicAdmin } from './runtime/forwarding-topic-admin.ts';
import type { GroupCoordinatorHost } from './runtime/group-coordinator.ts';
import { GroupCoordinatorService } from './runtime/group-coordinator-service.ts';
import { registerGroupLag } from './runtime/group-lag.ts';
import type { BrokerRegistration } from './runtime/broker-registration.ts';
import { MetadataController } from './runtime/metadata-controller.ts';
import { requireKnownLevels } from './runtime/known-levels.ts';
import { MetadataLoader } from './runtime/metadata-loader.ts';
import { NetworkBrokerChannels } from './runtime/network-broker-channels.ts';
import { registerPartitionMetrics } from './runtime/partition-metrics.ts';
import type { TopicAdmin } from './runtime/topic-admin.ts';
import { ControllerTopicAdmin } from './runtime/topic-admin-controller.ts';
import { brokerLayers, electionRules, preferredLeadersEveryMs } from './runtime/topic-admin-rules.ts';
import type { TransactionCoordinatorHost } from './runtime/transaction-coordinator.ts';
import { BrokerServer } from './server/broker-server.ts';
import { Dispatcher } from './server/dispatch.ts';
import { createRequestMetrics } from './server/request-metrics.ts';
import { connectionCounts, serverLimits } from './server/server-limits.ts';
import { registerServerMetrics } from './server/server-metrics.ts';

/** Partitions that incremental fetch sessions may hold together: some 100 MB. */
const FETCH_SESSION_PARTITIONS_MAX = 500_000;

/** What exists once the cluster is known. */
export interface BrokerParts {
  readonly channels: BrokerChannelsHost;
  readonly loader: MetadataLoader;
  readonly metadataController: MetadataController;
  readonly groups: GroupCoordinatorHost;
  readonly transactions: TransactionCoordinatorHost;
  readonly server: BrokerServer;
}

/** What the parts are made from. */
export interface BrokerPartsOptions {
  readonly config: BrokerConfig;
  readonly adapters: BrokerAdapters;
  readonly storage: BrokerStorage;
  readonly store: MetadataStore;
  readonly clusterId: string;
  /** The metadata cannot be followed any further. */
  readonly failed: (error: Error) => void;
  /** Makes this broker the controller if there is none. */
  readonly standForController: () => Promise<void>;
  /** This broker's registration; undefined until there is one. */
  readonly registration: () => BrokerRegistration | undefined;
  /** Whether the first image is in force: clients that come before wait. */
  readonly isReady: () => boolean;
}

/** Puts the parts together and subscribes them to the images, in the order in which they depend on each other. */
export function composeParts(options: BrokerPartsOptions): BrokerParts {
  const { config, adapters, storage, store, clusterId, failed, standForController } = options;
  const { clock, random, logger, metrics } = adapters;
  const { replicas } = storage;
  const brokerId = config.nodeId;
  const channels = new NetworkBrokerChannels({
    ...{ brokerId, network: adapters.network, clock, random },
    interBrokerListenerName: config.listeners.interBrokerListenerName,
  });
  replicas.replicate({ channels, store, registration: options.registration });
  const loader = new MetadataLoader({ store, clock, logger, failed });
  const image = () => loader.image();
  const controllerChannel = new EnvelopeControllerChannel({ brokerId, channels, image, clock, logger });
  const controller = new ForwardingTopicAdmin({
    ...{ brokerId, config, channel: controllerChannel, metadata: loader, clock },
    local: new ControllerTopicAdmin({ store, metadata: loader, brokerId, clock, logger, config, random }),
  });
  const configs = new ControllerConfigAdmin({ store, metadata: loader, brokerId, clock, logger, config });
  const cluster = new ControllerClusterAdmin({ store, metadata: loader, brokerId, clock, logger });
  const electionRulesOf = electionRules(config, brokerId);
  const metadataController = new MetadataController({
    ...{ store, brokerId, clock, logger, metrics },
    ...{ standForController, electionRulesOf },
    preferredLeadersEveryMs: preferredLeadersEveryMs(config),
  });
  const groups = createGroups(options, loader, controller);
  const transactions = createTransactionCoordinator({
    ...{ config, store, replicas, controller, groups, image, channels },
    ...{ checksum: adapters.core, codec: adapters.codec, clock, random, logger },
  });
  const fetchSessions = new FetchSessionCache({
    slotsMax: config.values['max.incremental.fetch.session.cache.slots'],
    partitionsMax: FETCH_SESSION_PARTITIONS_MAX,
    random: (bound) => random.int(bound),
  });
  registerFetchSessionMetrics(adapters.metrics, fetchSessions);
  const server = createServer(options, {
    ...{ nodeId: brokerId, clusterId, config, clock, logger, apis: advertisedApis(handlers) },
    ...{
      replicas,
      metadata: loader,
      controllerChannel,
      controller,
      cluster,
      configs,
      groups,
      transactions,
      fetchSessions,
    },
    diskSpace: adapters.diskSpace ?? { of: () => Promise.resolve(undefined) },
  });
  const parts = { channels, loader, metadataController, groups, transactions, server };
  subscribe(options, parts);
  return parts;
}

function subscribe({ config, storage, registration }: BrokerPartsOptions, parts: BrokerParts): void {
  const { channels, loader, metadataController, groups, transactions, server } = parts;
  loader.subscribe((previous, next) => {
    if (previous?.features !== next.features) requireKnownLevels(next);
  });
  loader.subscribe((_previous, next) => channels.applyImage(next));
  loader.subscribe((previous, next) => {
    if (previous?.configs === next.configs) return;
    server.limitConnections(connectionCounts(brokerLayers(config, config.nodeId, next), storage.connectionsMax));
  });
  loader.subscribe((previous, next) => storage.replicas.applyImage(previous, next));
  loader.subscribe((previous, next) => groups.applyImage(previous, next));
  loader.subscribe((_previous, next) => transactions.applyImage(next));
  loader.subscribe((_previous, next) => registration()?.applyImage(next));
  loader.observe((state) => metadataController.applyState(state));
}

function createGroups(
  { config, adapters, storage }: BrokerPartsOptions,
  loader: MetadataLoader,
  controller: TopicAdmin,
): GroupCoordinatorHost {
  const { clock, random, logger, core, codec } = adapters;
  const { values } = config;
  const inForce = brokerValues(config);
  return new GroupCoordinatorService({
    config: groupConfigOf(config, () => inForce(loader.image())),
    commitTimeoutMs: values['offsets.commit.timeout.ms'],
    loadBufferBytes: values['offsets.load.buffer.size'],
    retentionCheckIntervalMs: values['offsets.retention.check.interval.ms'],
    compressionType: compressionTypes[values['offsets.topic.compression.codec']] ?? 'none',
    replicas: storage.replicas,
    controller,
    image: () => loader.image(),
    checksum: core,
    ...{ codec, clock, random, logger },
  });
}

function createServer(options: BrokerPartsOptions, services: BrokerServices): BrokerServer {
  const { config, adapters, storage, isReady } = options;
  const { network, clock, logger, metrics } = adapters;
  const { memory } = storage.environment;
  return new BrokerServer({
    network,
    clock,
    logger,
    dispatcher: new Dispatcher(handlers, services, () => true, createRequestMetrics(metrics)),
    limits: serverLimits(config, storage.connectionsMax),
    memory: storage.requestMemory,
    isFull: () => !isReady() || memory.isFull,
  });
}

/** What monitoring sees of the parts. */
export function registerBrokerMetrics(
  config: BrokerConfig,
  { metrics, clock }: BrokerAdapters,
  { replicas, environment, slabs, requestMemory }: BrokerStorage,
  { loader, groups, server }: BrokerParts,
): void {
  registerClusterMetrics(metrics, config.nodeId, () => loader.image());
  registerPartitionMetrics(metrics, replicas);
  registerGroupLag(metrics, { groups, replicas, clock });
  registerServerMetrics(metrics, {
    connectionCount: () => server.connectionCount,
    requestBytes: () => server.requestBytes,
    unsentBytes: () => server.unsentBytes,
    traffic: server.traffic,
    tailBytes: () => environment.memory.usedBytes,
    freeBytes: () => slabs.freeBytes,
    spilledBytes: () => requestMemory.arenaBytes,
  });
}
