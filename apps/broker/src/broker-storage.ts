import type { BrokerAdapters } from './broker-adapters.ts';
import {
  cleanerSettings,
  housekeepingIntervals,
  replicationRates,
  replicationSettings,
  topicSettings,
} from './broker-settings.ts';
import type { BrokerConfig } from './config/broker-config.ts';
import { createReplicaManager } from './runtime/create-replica-manager.ts';
import type { ReplicaHost } from './runtime/replica-manager.ts';
import { LogDirectory } from './storage/log-directory.ts';
import { createLogEnvironment, type LogEnvironment } from './storage/log-environment.ts';
import { createRecordValidator } from './storage/record-validator.ts';
import { SlabPool } from './storage/slab-pool.ts';
import { SpillMemory } from './storage/spill-memory.ts';

/** Log files held open at a time, where the system lets so many be open. */
const OPEN_FILES_MAX = 1024;
/** Descriptors left for everything else: the metadata store, listeners, files on their way. */
const OTHER_DESCRIPTORS = 128;
/** What the tails may take of the pool beyond their budget while a disk is slow, and what is lost between pieces. */
const TAIL_SLACK_BYTES = 16_777_216;

/** The memory, the logs and the replicas of a broker, before anything is read from disk. */
export interface BrokerStorage {
  readonly slabs: SlabPool;
  /** Where requests land, and what is read from files for responses. */
  readonly requestMemory: SpillMemory;
  readonly environment: LogEnvironment;
  readonly replicas: ReplicaHost;
  /** What the system leaves for connections. */
  readonly connectionsMax: number;
}

export function createBrokerStorage(
  config: BrokerConfig,
  adapters: BrokerAdapters,
  slabs: SlabPool = new SlabPool(adapters.core),
): BrokerStorage {
  const descriptorsMax = adapters.descriptorsMax ?? Number.POSITIVE_INFINITY;
  const openFilesMax = Math.min(OPEN_FILES_MAX, Math.floor(descriptorsMax / 4));
  const tailBudgetBytes = config.values['ks.tail.bytes'];
  const environment = createLogEnvironment({ ...adapters, slabs, tailBudgetBytes, openFilesMax });
  const replicas = createReplicaManager({
    brokerId: config.nodeId,
    clock: adapters.clock,
    logger: adapters.logger,
    validator: createRecordValidator(adapters.core, adapters.codec),
    settingsOf: topicSettings(config),
    limits: { fetchMaxBytes: config.values['fetch.max.bytes'] },
    intervals: housekeepingIntervals(config),
    replication: replicationSettings(config),
    replicationRates: replicationRates(config),
    cleanerSettings: cleanerSettings(config),
    metrics: adapters.metrics,
  });
  return {
    slabs,
    requestMemory: new SpillMemory({
      pool: slabs,
      poolBytesMax: Math.max(slabs.totalBytes / 4, slabs.totalBytes - tailBudgetBytes - TAIL_SLACK_BYTES),
      clock: adapters.clock,
    }),
    environment,
    replicas,
    connectionsMax: Math.max(1, descriptorsMax - openFilesMax - OTHER_DESCRIPTORS),
  };
}

/** Takes one of `log.dirs` for this broker. Rejects with what the operator has to mend. */
export function acquireLogDirectory(
  path: string,
  config: BrokerConfig,
  { environment, replicas }: BrokerStorage,
): Promise<LogDirectory> {
  return LogDirectory.acquire({
    path,
    environment,
    configOf: (topic) => replicas.logConfigOf(topic),
    hooks: replicas.hooks,
    concurrency: Math.max(32, config.values['num.recovery.threads.per.data.dir']),
  });
}
