import { ErrorCode } from '@ks/protocol';
import type { ClusterImage } from '../core/metadata/image.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import type { Metrics } from '../ports/metrics.ts';
import { createCleanerMetrics } from '../storage/cleaner-metrics.ts';
import { CleanerScheduler, type CleanerSettings, defaultCleanerSettings } from '../storage/cleaner-scheduler.ts';
import type { LogDirectory } from '../storage/log-directory.ts';
import type { RecordValidator } from '../storage/record-validator.ts';
import { AppendPath } from './append-path.ts';
import { FetchPath } from './fetch-path.ts';
import { HostedReplica } from './hosted-replica.ts';
import { ImageFollower } from './image-follower.ts';
import { LeaderThrottle } from './leader-throttle.ts';
import { OffsetLookup } from './offset-lookup.ts';
import { Purgatory } from './purgatory.ts';
import { RecordDeletion } from './record-deletion.ts';
import { type HousekeepingIntervals, ReplicaHousekeeping } from './replica-housekeeping.ts';
import type { HostedLogDirectory, ReplicaHost } from './replica-manager.ts';
import { ReplicaRegistry } from './replica-registry.ts';
import { type ReplicationRates, ReplicationThrottle } from './replication-throttle.ts';
import { Replication, type ReplicationSettings } from './replication.ts';
import { StandingWaits } from './standing-waits.ts';
import { TimerWheel } from './timer-wheel.ts';
import type { TopicSettingsOf } from './topic-settings.ts';

export interface ReplicaLimits {
  /** fetch.max.bytes */
  readonly fetchMaxBytes: number;
  /** Largest size of a batch's records once inflated. */
  readonly inflatedBytesMax: number;
  /** Fetches that may wait for records; more are answered at once with what there is. */
  readonly parkedFetchesMax: number;
  /** Appends of one partition that may wait for their acknowledgement; more are refused with REQUEST_TIMED_OUT. */
  readonly parkedAppendsPerPartitionMax: number;
}

export const defaultReplicaLimits: ReplicaLimits = {
  fetchMaxBytes: 57_671_680,
  inflatedBytesMax: 104_857_600,
  parkedFetchesMax: 100_000,
  parkedAppendsPerPartitionMax: 100_000,
};

/** Kafka 4.4's defaults. */
export const defaultHousekeepingIntervals: HousekeepingIntervals = {
  highWatermarkCheckpointMs: 5_000,
  recoveryCheckpointMs: 60_000,
  startCheckpointMs: 60_000,
  retentionCheckMs: 300_000,
  producerExpirationCheckMs: 600_000,
  initialDelayMs: 30_000,
};

/** Kafka 4.4's defaults. */
export const defaultReplicationSettings: ReplicationSettings = {
  lagTimeMaxMs: 30_000,
  selectsByRack: false,
  fetch: {
    lanesPerLeader: 1,
    waitMaxMs: 500,
    minBytes: 1,
    partitionMaxBytes: 1_048_576,
    responseMaxBytes: 10_485_760,
    backoffMs: 1_000,
    timeoutMs: 30_000,
  },
};

export interface ReplicaManagerOptions {
  readonly brokerId: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly validator: RecordValidator;
  readonly settingsOf: TopicSettingsOf;
  readonly limits?: Partial<ReplicaLimits>;
  readonly intervals?: Partial<HousekeepingIntervals>;
  readonly replication?: ReplicationSettings;
  /** Rates of throttled replicas under the image in force; default none. */
  readonly replicationRates?: (image: ClusterImage | undefined) => ReplicationRates;
  /** The cleaner's settings under the image in force; default Kafka's. */
  readonly cleanerSettings?: (image: ClusterImage | undefined) => CleanerSettings;
  readonly metrics?: Metrics;
}

/** Puts the replica manager together from its parts. */
export function createReplicaManager(options: ReplicaManagerOptions): ReplicaHost {
  const { brokerId, clock, logger, settingsOf, validator } = options;
  const limits = { ...defaultReplicaLimits, ...options.limits };
  const intervals = { ...defaultHousekeepingIntervals, ...options.intervals };
  const registry = new ReplicaRegistry();
  const wheel = new TimerWheel(clock);
  const purgatory = new Purgatory<HostedReplica>(wheel, limits.parkedFetchesMax);
  const waiting = { name: 'ks_waiting_fetches', help: 'Fetches that wait for new records.', type: 'gauge' } as const;
  const unacknowledged = {
    name: 'ks_waiting_appends',
    type: 'gauge',
    help: 'Partitions of appends with acks=all that wait for the high watermark.',
  } as const;
  options.metrics?.collected([waiting, unacknowledged], () => ({
    [waiting.name]: [{ labels: {}, value: purgatory.size }],
    [unacknowledged.name]: [{ labels: {}, value: unacknowledgedAppends(registry) }],
  }));
  const standing = new StandingWaits(purgatory);
  const wakeFetches = (replica: HostedReplica): void => {
    purgatory.wake(replica);
    standing.wake(replica);
  };
  const replicationSettings = options.replication ?? defaultReplicationSettings;
  const rates = (): ReplicationRates | undefined => options.replicationRates?.(registry.image);
  const replication = new Replication({
    ...{ brokerId, clock, logger, settings: replicationSettings, settingsOf, registry, metrics: options.metrics },
    throttle: new ReplicationThrottle(clock, () => rates()?.follower),
  });
  const { lagTimeMaxMs } = replicationSettings;
  const follower = new ImageFollower({
    ...{ brokerId, registry, settingsOf, logger },
    cannotLead: (topic, partitionIndex) => replication.resign(topic, partitionIndex),
    createReplica: (log, highWatermark, settings) =>
      new HostedReplica({
        ...{ brokerId, log, highWatermark, settings, lagTimeMaxMs, wakeFetches },
        nowMs: () => clock.monotonicMs(),
        changeIsr: (replica, wish) => replication.changeIsr(replica, wish),
        roleChanged: (replica) => replication.roleChanged(replica),
      }),
  });
  const isrCheckMs = Math.max(1, Math.floor(lagTimeMaxMs / 2));
  const housekeeping = new ReplicaHousekeeping({ clock, logger, registry, intervals: { ...intervals, isrCheckMs } });
  const { cleanerSettings = () => defaultCleanerSettings, metrics } = options;
  const cleaner = new CleanerScheduler({
    ...{ clock, logger },
    ...(metrics === undefined ? {} : { metrics: createCleanerMetrics(metrics) }),
    settings: () => cleanerSettings(registry.image),
    stableOffsetOf: (log) => registry.ofLog(log)?.lastStableOffset,
  });
  const appends = new AppendPath({
    registry,
    validator,
    clock,
    wheel,
    inflatedBytesMax: limits.inflatedBytesMax,
    parkedPerPartitionMax: limits.parkedAppendsPerPartitionMax,
    isFenced: () => replication.isFenced,
  });
  const fetches = new FetchPath({
    ...{ registry, purgatory, standing, clock, fetchMaxBytes: limits.fetchMaxBytes },
    throttle: new LeaderThrottle({
      ...{ brokerId, registry, settingsOf, clock, quietMs: lagTimeMaxMs / 4 },
      throttle: new ReplicationThrottle(clock, () => rates()?.leader),
    }),
    // Often enough that nobody falls out of the ISR because its fetches were not looked at.
    quietMs: lagTimeMaxMs / 4,
    selectsByRack: replicationSettings.selectsByRack,
  });
  const offsets = new OffsetLookup(registry);
  const deletion = new RecordDeletion({ registry, directories: () => follower.directories });
  return {
    hooks: {
      advanced: (log) => registry.ofLog(log)?.advanced(),
      failed: (log) => {
        registry.ofLog(log)?.close(ErrorCode.KAFKA_STORAGE_ERROR);
        replication.resign(log.topic, log.partition);
      },
      // The directory has told each log's failure before, and logs its own.
      offline: () => undefined,
    },
    replicate: (ports) => replication.begin(ports),
    logConfigOf: (topic) => settingsOf(topic, registry.image).log,
    start: (directories) => {
      requireOneOnline(directories);
      follower.start(directories);
      housekeeping.start(directories);
      cleaner.start(directories);
    },
    stop: (brokerEpoch) => stop({ registry, follower, housekeeping, cleaner, replication, logger }, brokerEpoch),
    applyImage: (_previous, next) => follower.apply(next),
    append: (request) => appends.append(request),
    fetch: (request) => fetches.fetch(request),
    fetchStanding: (request, reader) => fetches.fetchStanding(request, reader),
    listOffset: (request) => offsets.find(request),
    epochEndOffset: (request) => offsets.epochEnd(request),
    deleteRecords: (requests) => deletion.delete(requests),
    logDirectories: () => follower.directories.map((directory) => describeDirectory(directory, registry)),
    partition: (topic, partitionIndex) => registry.get(topic, partitionIndex),
    partitions: () => registry.all(),
    get image() {
      return registry.image;
    },
  };
}

function unacknowledgedAppends(registry: ReplicaRegistry): number {
  let count = 0;
  for (const { committed } of registry.all()) count += committed.size;
  return count;
}

/** A broker without a single disk serves nobody: its start fails, for the first disk's reason. */
function requireOneOnline(directories: readonly LogDirectory[]): void {
  const [first] = directories;
  if (first?.failure !== undefined && directories.every((directory) => directory.isOffline)) throw first.failure;
}

function describeDirectory(directory: LogDirectory, registry: ReplicaRegistry): HostedLogDirectory {
  const { path, isOffline } = directory;
  const partitions = Array.from(directory.logs(), (log) => {
    const lag = (registry.ofLog(log)?.highWatermark ?? 0) - log.logEndOffset;
    const { topic, partition: partitionIndex, sizeBytes } = log;
    return { topic, partitionIndex, sizeBytes, offsetLag: Math.max(0, lag) };
  });
  return { path, isOffline, partitions };
}

interface Stoppable {
  readonly registry: ReplicaRegistry;
  readonly follower: ImageFollower;
  readonly housekeeping: ReplicaHousekeeping;
  readonly cleaner: CleanerScheduler;
  readonly replication: Replication;
  readonly logger: Logger;
}

async function stop(
  { registry, follower, housekeeping, cleaner, replication, logger }: Stoppable,
  brokerEpoch: number | undefined,
): Promise<void> {
  await Promise.all([housekeeping.stop(), cleaner.stop()]);
  await follower.settle();
  await replication.stop();
  // What was appended is acknowledged before anybody is turned away.
  await Promise.allSettled(
    [...registry.all()].filter((replica) => replica.isOpen).map((replica) => replica.log.flush()),
  );
  for (const replica of [...registry.all()]) replica.close(ErrorCode.NOT_LEADER_OR_FOLLOWER);
  await housekeeping.checkpointHighWatermarks();
  for (const directory of follower.directories) await closeDirectory(directory, brokerEpoch, logger);
}

async function closeDirectory(directory: LogDirectory, brokerEpoch: number | undefined, logger: Logger): Promise<void> {
  try {
    await directory.close(directory.isOffline ? undefined : brokerEpoch);
  } catch (error) {
    logger.error({ directory: directory.path, error }, 'A log directory could not be closed in order');
  }
}
