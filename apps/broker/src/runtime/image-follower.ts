import { ErrorCode } from '@ks/protocol';
import { type ClusterImage, configKey, mayLead, type PartitionImage, type TopicImage } from '../core/metadata/image.ts';
import type { LiveBrokers } from '../core/partition/followers.ts';
import type { PartitionSettings } from '../core/partition/partition.ts';
import type { Logger } from '../ports/logger.ts';
import type { Log } from '../storage/log.ts';
import type { LogDirectory } from '../storage/log-directory.ts';
import type { HostedReplica } from './hosted-replica.ts';
import { liveBrokersOf } from './live-brokers.ts';
import type { ReplicaRegistry } from './replica-registry.ts';
import { partitionSettings, type TopicSettingsOf } from './topic-settings.ts';

/** Logs made or removed at a time. */
const CONCURRENT_LOGS = 32;

export interface ImageFollowerOptions {
  readonly brokerId: number;
  readonly registry: ReplicaRegistry;
  readonly settingsOf: TopicSettingsOf;
  readonly logger: Logger;
  /** This broker is named leader of a partition that it has no usable log of. */
  readonly cannotLead: (topic: string, partitionIndex: number) => void;
  /** Makes the replica of a log, with its high watermark from the checkpoint. */
  readonly createReplica: (log: Log, highWatermark: number, settings: PartitionSettings) => HostedReplica;
}

/** Work on the disk that an image asks for. */
type LogTask = () => Promise<void>;

/** Makes the logs and roles of this broker those that the cluster image says. One image at a time. */
export class ImageFollower {
  readonly #options: ImageFollowerOptions;
  readonly #registry: ReplicaRegistry;
  readonly #directoryOf = new Map<Log, LogDirectory>();
  readonly #logCounts = new Map<LogDirectory, number>();
  #directories: readonly LogDirectory[] = [];
  #queue: Promise<void> = Promise.resolve();
  /** Logs found at start that no image has claimed yet. */
  readonly #unclaimed = new Map<string, Log>();
  #live: LiveBrokers = new Map();

  constructor(options: ImageFollowerOptions) {
    this.#options = options;
    this.#registry = options.registry;
  }

  get directories(): readonly LogDirectory[] {
    return this.#directories;
  }

  /** Takes over the loaded directories; their logs wait for the first image. */
  start(directories: readonly LogDirectory[]): void {
    this.#directories = directories;
    for (const directory of directories) {
      this.#logCounts.set(directory, 0);
      for (const log of directory.logs()) {
        this.#own(directory, log);
        this.#unclaimed.set(`${log.topic}/${log.partition}`, log);
      }
    }
  }

  /** Resolves when `next` is in force. Never rejects: what the disk refuses answers KAFKA_STORAGE_ERROR. */
  apply(next: ClusterImage): Promise<void> {
    this.#queue = this.#queue.then(() => this.#apply(next));
    return this.#queue;
  }

  /** Resolves when every image given so far is in force. */
  settle(): Promise<void> {
    return this.#queue;
  }

  async #apply(next: ClusterImage): Promise<void> {
    const previous = this.#registry.image;
    this.#registry.image = next;
    if (previous?.brokers !== next.brokers) this.#tellBrokers(next);
    const tasks: LogTask[] = [...this.#dropAbsent(previous, next), ...this.#dropUnclaimed(next)];
    // A topic deleted and made again under one name needs its directory's name free first.
    await runAll(tasks);
    const affectsAll = previous === undefined || this.#brokerChanged(previous, next);
    const creations: LogTask[] = [];
    for (const topic of next.topicsByName.values()) {
      const isUnchanged = !affectsAll && previous.topicsByName.get(topic.name) === topic;
      if (isUnchanged && configOf(previous, 'topic', topic.name) === configOf(next, 'topic', topic.name)) continue;
      for (const partition of topic.partitions) {
        const creation = this.#followPartition(topic, partition, next, previous === undefined);
        if (creation !== undefined) creations.push(creation);
      }
    }
    await runAll(creations);
  }

  #tellBrokers(next: ClusterImage): void {
    this.#live = liveBrokersOf(next);
    for (const replica of this.#registry.all()) replica.brokersChanged(this.#live);
  }

  /** Whether something of this broker's changed that bears on all of its partitions. */
  #brokerChanged(previous: ClusterImage, next: ClusterImage): boolean {
    const { brokerId } = this.#options;
    const [before, after] = [previous.brokers.get(brokerId), next.brokers.get(brokerId)];
    return (
      before?.brokerEpoch !== after?.brokerEpoch ||
      before?.fenced !== after?.fenced ||
      configOf(previous, 'broker', '') !== configOf(next, 'broker', '') ||
      configOf(previous, 'broker', `${brokerId}`) !== configOf(next, 'broker', `${brokerId}`)
    );
  }

  /** Takes what the image no longer places here out of service at once; what is left is the disk's part. */
  #dropAbsent(previous: ClusterImage | undefined, next: ClusterImage): LogTask[] {
    const tasks: LogTask[] = [];
    for (const topic of previous?.topicsByName.values() ?? []) {
      const current = next.topicsByName.get(topic.name);
      if (current === topic) continue;
      for (const { partitionIndex } of topic.partitions) {
        const replica = this.#registry.get(topic.name, partitionIndex);
        if (this.#isPlacedHere(current, topic.topicId, partitionIndex)) continue;
        this.#registry.clearUnavailable(topic.name, partitionIndex);
        if (replica === undefined) continue;
        replica.close(current === undefined ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.NOT_LEADER_OR_FOLLOWER);
        this.#registry.remove(replica);
        tasks.push(() => this.#removeLog(replica.log, 'delete'));
      }
    }
    return tasks;
  }

  /** At the first image: logs that another topic of the same name left are deleted, those of unknown topics put aside. */
  #dropUnclaimed(next: ClusterImage): LogTask[] {
    const tasks: LogTask[] = [];
    for (const [key, log] of this.#unclaimed) {
      const topic = next.topicsByName.get(log.topic);
      if (this.#isPlacedHere(topic, log.topicId, log.partition)) continue;
      this.#unclaimed.delete(key);
      tasks.push(() => this.#removeLog(log, topic === undefined ? 'stray' : 'delete'));
    }
    return tasks;
  }

  #isPlacedHere(topic: TopicImage | undefined, topicId: string, partitionIndex: number): boolean {
    if (topic === undefined || topic.topicId !== topicId) return false;
    return topic.partitions[partitionIndex]?.replicas.includes(this.#options.brokerId) ?? false;
  }

  /** Gives the replica its role; returns the work to be done first where it has no log yet. */
  #followPartition(
    topic: TopicImage,
    partition: PartitionImage,
    next: ClusterImage,
    isFirst: boolean,
  ): LogTask | undefined {
    if (!partition.replicas.includes(this.#options.brokerId)) return undefined;
    const { name } = topic;
    const index = partition.partitionIndex;
    const hosted = this.#registry.get(name, index);
    const isNamed = partition.leader === this.#options.brokerId;
    if (isNamed && (hosted?.isOpen === false || this.#registry.isUnavailable(name, index))) {
      this.#options.cannotLead(name, index);
    }
    if (hosted !== undefined) {
      if (hosted.isSettled) this.#steer(hosted, partition, next);
      // Its log is being truncated, and as a leader it must not be.
      else return () => hosted.settled().then(() => this.#steer(hosted, partition, next));
      return undefined;
    }
    if (this.#registry.isUnavailable(name, index)) return undefined;
    const key = `${name}/${index}`;
    const found = this.#unclaimed.get(key);
    if (found !== undefined) {
      this.#unclaimed.delete(key);
      this.#host(found, partition, next);
      return undefined;
    }
    if (this.#mayExistUnread(name, index, isFirst)) {
      this.#registry.markUnavailable(name, index);
      if (isNamed) this.#options.cannotLead(name, index);
      return undefined;
    }
    return () => this.#create(topic, partition, next);
  }

  /** Whether the partition may have records that cannot be had now: making it anew elsewhere would lose them. */
  #mayExistUnread(topic: string, partitionIndex: number, isFirst: boolean): boolean {
    return this.#directories.some(
      (directory) => directory.openFailure(topic, partitionIndex) !== undefined || (isFirst && directory.isOffline),
    );
  }

  #steer(replica: HostedReplica, partition: PartitionImage, image: ClusterImage): void {
    if (!replica.isOpen) return;
    const settings = this.#options.settingsOf(replica.topic, image);
    replica.log.updateConfig(settings.log);
    replica.configure(partitionSettings(settings));
    replica.follow(partition, this.#mayLead(partition, image));
  }

  #mayLead(partition: PartitionImage, image: ClusterImage): boolean {
    const broker = image.brokers.get(this.#options.brokerId);
    if (broker === undefined || broker.fenced) return false;
    return mayLead(partition, broker) && partition.isr.includes(broker.brokerId);
  }

  #host(log: Log, partition: PartitionImage, image: ClusterImage): void {
    const settings = this.#options.settingsOf(log.topic, image);
    const highWatermark = this.#directoryOf.get(log)?.checkpointedHighWatermark(log.topic, log.partition) ?? 0;
    const replica = this.#options.createReplica(log, highWatermark, partitionSettings(settings));
    replica.brokersChanged(this.#live);
    this.#registry.add(replica);
    if (log.isFailed) replica.close(ErrorCode.KAFKA_STORAGE_ERROR);
    else this.#steer(replica, partition, image);
  }

  async #create(topic: TopicImage, partition: PartitionImage, image: ClusterImage): Promise<void> {
    const { name, topicId } = topic;
    const directory = this.#emptiestDirectory();
    try {
      if (directory === undefined) throw new Error('no log directory is online');
      this.#count(directory, 1);
      const log = await directory.createLog(name, partition.partitionIndex, topicId);
      this.#directoryOf.set(log, directory);
      this.#host(log, partition, image);
    } catch (error) {
      if (directory !== undefined) this.#count(directory, -1);
      this.#registry.markUnavailable(name, partition.partitionIndex);
      if (partition.leader === this.#options.brokerId) this.#options.cannotLead(name, partition.partitionIndex);
      const fields = { topic: name, partition: partition.partitionIndex, directory: directory?.path, error };
      this.#options.logger.error(fields, 'A partition could not be created on this broker');
    }
  }

  #emptiestDirectory(): LogDirectory | undefined {
    let emptiest: LogDirectory | undefined;
    for (const directory of this.#directories) {
      if (directory.isOffline) continue;
      if (emptiest === undefined || this.#countOf(directory) < this.#countOf(emptiest)) emptiest = directory;
    }
    return emptiest;
  }

  async #removeLog(log: Log, how: 'delete' | 'stray'): Promise<void> {
    const directory = this.#directoryOf.get(log);
    this.#directoryOf.delete(log);
    if (directory === undefined) return;
    this.#count(directory, -1);
    // A failed directory is beyond renaming; the next start finds the log there and decides again.
    if (directory.isOffline) return;
    try {
      await (how === 'delete' ? directory.deleteLog(log) : directory.strayLog(log));
      const fields = { topic: log.topic, partition: log.partition, topicId: log.topicId };
      this.#options.logger.info(fields, how === 'delete' ? 'Deleted a log' : 'Put a stray log aside');
    } catch (error) {
      const fields = { topic: log.topic, partition: log.partition, directory: directory.path, error };
      this.#options.logger.error(fields, 'A log could not be removed');
    }
  }

  #own(directory: LogDirectory, log: Log): void {
    this.#directoryOf.set(log, directory);
    this.#count(directory, 1);
  }

  #count(directory: LogDirectory, change: number): void {
    this.#logCounts.set(directory, this.#countOf(directory) + change);
  }

  #countOf(directory: LogDirectory): number {
    return this.#logCounts.get(directory) ?? 0;
  }
}

function configOf(
  image: ClusterImage,
  type: 'topic' | 'broker',
  name: string,
): ReadonlyMap<string, string> | undefined {
  return image.configs.get(configKey(type, name));
}

/** Runs the tasks, a bounded number of them at a time. */
async function runAll(tasks: readonly LogTask[]): Promise<void> {
  const waiting = tasks.values();
  const lane = async (): Promise<void> => {
    for (const task of waiting) await task();
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENT_LOGS, tasks.length) }, lane));
}
