import type { BrokerImage, ClusterImage, PartitionImage, TopicImage } from '../core/metadata/image.ts';
import type { Logger } from '../ports/logger.ts';
import { defaultLogConfig, type LogConfig } from '../storage/log-config.ts';
import { createReplicaManager, type ReplicaManagerOptions } from './create-replica-manager.ts';
import { ManualClock } from './manual-clock.test-support.ts';
import type { AppendRequest, FetchPartition, FetchRequest, ReplicaHost } from './replica-manager.ts';
import { ScriptedDirectory, ScriptedValidator } from './scripted-log.test-support.ts';

export const BROKER_ID = 1;
export const BROKER_EPOCH = 5;
/** Kafka's text form of a UUID, one for each letter. */
export const idOf = (letter: string): string => `AAAAAAAAAAAAAAAAAAAAA${letter}`;
export const NO_ID = idOf('A');

export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLogger,
};

export function partitionImage(over: Partial<PartitionImage> = {}): PartitionImage {
  return {
    partitionIndex: 0,
    replicas: [BROKER_ID],
    addingReplicas: [],
    removingReplicas: [],
    isr: [BROKER_ID],
    elr: [],
    lastKnownElr: [],
    leader: BROKER_ID,
    leaderEpoch: 0,
    partitionEpoch: 0,
    modRevision: 10,
    ...over,
  };
}

export function topicImage(
  name: string,
  topicId: string,
  partitions: readonly Partial<PartitionImage>[] = [{}],
): TopicImage {
  const images = partitions.map((each, partitionIndex) => partitionImage({ partitionIndex, ...each }));
  return { name, topicId, partitions: images, modRevision: 10 };
}

export function imageOf(topics: readonly TopicImage[], over: Partial<ClusterImage> = {}): ClusterImage {
  const self: BrokerImage = {
    brokerId: BROKER_ID,
    brokerEpoch: BROKER_EPOCH,
    fenced: false,
    endpoints: [],
    rack: null,
    host: 'h',
    inControlledShutdown: false,
    uncleanBirth: false,
  };
  return {
    revision: 20,
    clusterId: 'cluster',
    controllerId: BROKER_ID,
    controllerEpoch: 4,
    brokers: new Map([[BROKER_ID, self]]),
    topicsByName: new Map(topics.map((topic) => [topic.name, topic])),
    topicsById: new Map(topics.map((topic) => [topic.topicId, topic])),
    configs: new Map(),
    features: new Map(),
    deletions: new Map(),
    ...over,
  };
}

/** A replica manager over scripted logs. */
export class Fixture {
  readonly clock = new ManualClock(1000);
  readonly validator = new ScriptedValidator();
  readonly replicas: ReplicaHost;
  readonly directories: ScriptedDirectory[];
  /** What a topic's config says beyond the defaults; may change before the next image. */
  readonly overrides = new Map<string, Partial<LogConfig> & { minInsyncReplicas?: number }>();

  constructor(
    options: { directoryCount?: number } & Partial<
      Pick<ReplicaManagerOptions, 'limits' | 'intervals' | 'metrics'>
    > = {},
  ) {
    const { directoryCount = 1, ...rest } = options;
    this.replicas = createReplicaManager({
      brokerId: BROKER_ID,
      clock: this.clock,
      logger: silentLogger,
      validator: this.validator,
      settingsOf: (topic) => {
        const { minInsyncReplicas = 1, ...log } = this.overrides.get(topic) ?? {};
        return { log: { ...defaultLogConfig, ...log }, minInsyncReplicas };
      },
      ...rest,
    });
    this.directories = Array.from(
      { length: directoryCount },
      (_, index) => new ScriptedDirectory(`/d${index}`, this.replicas.hooks),
    );
  }

  get directory(): ScriptedDirectory {
    const [first] = this.directories;
    if (first === undefined) throw new Error('no directory');
    return first;
  }

  start(): void {
    this.replicas.start(this.directories.map((directory) => directory.asDirectory()));
  }

  apply(image: ClusterImage): Promise<void> {
    return this.replicas.applyImage(undefined, image);
  }

  /** A broker that leads one partition of `orders`. */
  static async leading(options: ConstructorParameters<typeof Fixture>[0] = {}): Promise<Fixture> {
    const fixture = new Fixture(options);
    fixture.start();
    await fixture.apply(imageOf([topicImage('orders', idOf('Q'))]));
    return fixture;
  }
}

export function appendRequest(
  records: readonly (Uint8Array | null)[],
  over: Partial<AppendRequest> = {},
): AppendRequest {
  const partitions = records.map((each, partitionIndex) => ({
    topic: 'orders',
    topicId: NO_ID,
    partitionIndex,
    records: each,
  }));
  return { acks: -1, timeoutMs: 500, origin: 'client', apiVersion: 9, partitions, ...over };
}

export function fetchRequest(
  partitions: readonly Partial<FetchPartition>[],
  over: Partial<FetchRequest> = {},
): FetchRequest {
  return {
    replicaId: -1,
    maxWaitMs: 500,
    minBytes: 1,
    maxBytes: 10_000,
    isolationLevel: 0,
    signal: new AbortController().signal,
    ...over,
    partitions: partitions.map((each, partitionIndex) => ({
      topic: 'orders',
      topicId: NO_ID,
      partitionIndex,
      currentLeaderEpoch: -1,
      fetchOffset: 0,
      lastFetchedEpoch: -1,
      partitionMaxBytes: 10_000,
      ...each,
    })),
  };
}

/** Lets every promise that is due settle. */
export async function settle(): Promise<void> {
  for (let round = 0; round < 20; round++) await Promise.resolve();
}

/** Whether a promise has settled, without waiting for it. */
export async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  const mark = (): void => {
    done = true;
  };
  promise.then(mark, mark);
  await settle();
  return done;
}
