import { CleanerCheckpoint } from './cleaner-checkpoint.ts';
import { type CheckpointName, LogDirectoryFiles } from './log-directory-files.ts';
import type { LogConfig } from './log-config.ts';
import type { LogEnvironment } from './log-environment.ts';
import { Log, type LogHooks } from './log.ts';
import { parentDirectory } from './parent-directory.ts';
import { readTopicId } from './partition-metadata.ts';
import {
  DELETE_SUFFIX,
  parsePartitionDirectory,
  partitionDirectoryName,
  retiredDirectoryName,
  STRAY_SUFFIX,
} from './partition-names.ts';

export interface LogDirectoryOptions {
  readonly path: string;
  readonly environment: LogEnvironment;
  /** The effective config of a topic, asked when its logs are loaded or created. */
  readonly configOf: (topic: string) => LogConfig;
  readonly hooks: LogDirectoryHooks;
  /** Logs opened or closed at a time. Default 32. */
  readonly concurrency?: number;
}

export interface LogDirectoryHooks extends LogHooks {
  /** The directory has failed: every log in it was told by `failed` before. Called once. */
  offline(directory: LogDirectory, error: Error): void;
}

/** Whose directory it is. */
export interface LogDirectoryIdentity {
  readonly clusterId: string;
  readonly nodeId: number;
}

/** One entry of log.dirs: its lock, identity, checkpoints and the logs in it. Use: acquire, identify, loadLogs, close. */
export class LogDirectory {
  readonly path: string;
  readonly #options: LogDirectoryOptions;
  readonly #files: LogDirectoryFiles;
  readonly #cleaned: CleanerCheckpoint;
  readonly #lock: { release(): Promise<void> };
  readonly #logs = new Map<string, Log>();
  #identity: Partial<LogDirectoryIdentity> & { directoryId?: string };
  #isClean: boolean;
  readonly #previousBrokerEpoch: number;
  #highWatermarks = new Map<string, number>();
  #logStarts = new Map<string, number>();
  #failure: Error | undefined;
  /** Partitions that could not be opened, with why; their directories are left alone. */
  readonly #unopened = new Map<string, Error>();

  /** Makes the directory if absent, takes its `.lock` and reads its identity. Rejects with `FilesError` (`locked` where in use). */
  static async acquire(options: LogDirectoryOptions): Promise<LogDirectory> {
    const { environment, path } = options;
    if (!(await environment.files.exists(path))) {
      await environment.files.makeDirectory(path);
      await environment.files.syncDirectory(parentDirectory(path));
    }
    const lock = await environment.files.lock(path);
    try {
      const files = new LogDirectoryFiles(path, environment.files, environment.logger);
      return new LogDirectory(options, lock, files, await files.readMeta(), await files.readCleanShutdown());
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  private constructor(
    options: LogDirectoryOptions,
    lock: { release(): Promise<void> },
    files: LogDirectoryFiles,
    meta: Partial<LogDirectoryIdentity> & { directoryId?: string },
    shutdown: { readonly isClean: boolean; readonly brokerEpoch: number },
  ) {
    this.path = options.path;
    this.#options = options;
    this.#lock = lock;
    this.#files = files;
    this.#cleaned = new CleanerCheckpoint(files);
    this.#identity = { ...meta, directoryId: meta.directoryId ?? options.environment.random.uuid() };
    this.#isClean = shutdown.isClean;
    this.#previousBrokerEpoch = shutdown.brokerEpoch;
  }

  /** From `meta.properties`; undefined in a new directory until `identify`. */
  get clusterId(): string | undefined {
    return this.#identity.clusterId;
  }
  get nodeId(): number | undefined {
    return this.#identity.nodeId;
  }
  /** This directory's own id (KIP-858), made once. */
  get directoryId(): string {
    return this.#identity.directoryId ?? '';
  }
  /** Broker epoch of a clean stop (`.kafka_cleanshutdown`), -1 where the last stop was unclean or there was none. */
  get previousBrokerEpoch(): number {
    return this.#previousBrokerEpoch;
  }
  get isOffline(): boolean {
    return this.#failure !== undefined;
  }

  /** Writes `meta.properties` in a new directory; throws where the directory belongs to another cluster or node. */
  async identify(identity: LogDirectoryIdentity): Promise<void> {
    const { clusterId = identity.clusterId, nodeId = identity.nodeId } = this.#identity;
    if (clusterId !== identity.clusterId) {
      throw new Error(`${this.path} belongs to cluster ${clusterId}, not to ${identity.clusterId}`);
    }
    if (nodeId !== identity.nodeId)
      throw new Error(`${this.path} belongs to node ${nodeId}, not to ${identity.nodeId}`);
    this.#identity = { ...this.#identity, ...identity };
    await this.#files.writeMeta({ ...identity, directoryId: this.directoryId });
  }

  /** Opens every partition's log, recovering where needed, and removes what deletions left behind. */
  async loadLogs(): Promise<void> {
    const { files, logger } = this.#options.environment;
    const recoveryPoints = await this.#files.readCheckpoint('recovery-point-offset-checkpoint');
    this.#logStarts = await this.#files.readCheckpoint('log-start-offset-checkpoint');
    this.#highWatermarks = await this.#files.readCheckpoint('replication-offset-checkpoint');
    await this.#cleaned.load();
    // From here on a crash is an unclean stop again.
    await this.#files.removeCleanShutdown();
    const names = (await files.list(this.path)).filter((entry) => entry.isDirectory).map((entry) => entry.name);
    for (const name of names) if (name.endsWith(DELETE_SUFFIX)) await files.remove(`${this.path}/${name}`);
    await this.#forEach(names, async (name) => {
      const partition = parsePartitionDirectory(name);
      if (partition === undefined) return;
      const topicId = await readTopicId(files, `${this.path}/${name}`);
      if (!/^[A-Za-z0-9_-]{22}$/.test(topicId)) {
        logger.warn(
          { directory: `${this.path}/${name}` },
          'a partition without a readable partition.metadata is left alone',
        );
        return;
      }
      await this.#open(partition.topic, partition.partition, topicId, recoveryPoints.get(name) ?? 0);
    });
    this.#isClean = true;
    // A log that came back shorter than it was cleaned is told apart before anything is appended to it.
    await this.#cleaned.save(this.#logs.values());
  }

  logs(): Iterable<Log> {
    return this.#logs.values();
  }

  log(topic: string, partition: number): Log | undefined {
    return this.#logs.get(partitionDirectoryName(topic, partition));
  }

  /** Why a partition that has a directory here could not be opened. */
  openFailure(topic: string, partition: number): Error | undefined {
    return this.#unopened.get(partitionDirectoryName(topic, partition));
  }

  /** A new partition's log; its directory holds `partition.metadata` alone until the first record. */
  async createLog(topic: string, partition: number, topicId: string): Promise<Log> {
    this.#requireOnline();
    const existing = this.log(topic, partition);
    if (existing !== undefined) throw new Error(`${existing.directory} exists already`);
    this.#logStarts.delete(partitionDirectoryName(topic, partition));
    this.#highWatermarks.delete(partitionDirectoryName(topic, partition));
    this.#cleaned.drop(topic, partition);
    await this.#files.forgetOthers(({ topic: name, partition: index }) => this.#isHere(name, index));
    const log = await this.#open(topic, partition, topicId, 0);
    if (log === undefined)
      throw this.openFailure(topic, partition) ?? new Error(`${topic}-${partition} could not be opened`);
    return log;
  }

  /** Takes the log away: renames its directory `<topic>-<p>.<uuid>-delete`, removes it after file.delete.delay.ms. */
  async deleteLog(log: Log): Promise<void> {
    const { clock, files, logger } = this.#options.environment;
    const { directory, unheld } = await this.#retire(log, DELETE_SUFFIX);
    this.#cleaned.drop(log.topic, log.partition);
    clock.setTimer(log.config.fileDeleteDelayMs, () => {
      unheld()
        .then(() => files.remove(directory))
        .catch((error: unknown) => {
          logger.warn({ directory, error: String(error) }, 'a deleted partition stays on disk until the next start');
        });
    });
  }

  /** Takes the log away but keeps its bytes, renamed `-stray`: a partition that the image lacks. */
  async strayLog(log: Log): Promise<void> {
    await this.#retire(log, STRAY_SUFFIX);
  }

  /** High watermark as checkpointed; 0 where unknown. */
  checkpointedHighWatermark(topic: string, partition: number): number {
    return this.#highWatermarks.get(partitionDirectoryName(topic, partition)) ?? 0;
  }

  /** Writes `replication-offset-checkpoint`. */
  async checkpointHighWatermarks(highWatermarkOf: (log: Log) => number): Promise<void> {
    await this.#writeCheckpoint('replication-offset-checkpoint', async (log) => highWatermarkOf(log));
  }

  /** Writes `recovery-point-offset-checkpoint` and `log-start-offset-checkpoint`. */
  async checkpoint(): Promise<void> {
    await this.#writeCheckpoint('recovery-point-offset-checkpoint', (log) => log.prepareCheckpoint());
    await this.checkpointLogStarts();
  }

  /** Writes `log-start-offset-checkpoint`. */
  checkpointLogStarts(): Promise<void> {
    return this.#writeCheckpoint('log-start-offset-checkpoint', async (log) => log.logStartOffset);
  }

  /** Brings `cleaner-offset-checkpoint` up to date. */
  async checkpointCleaned(): Promise<void> {
    this.#requireOnline();
    await this.#guarded(this.#cleaned.save(this.#logs.values()));
  }

  /** Retention over all logs; a log's records below `highWatermarkOf` alone are deletable. */
  async deleteOldSegments(highWatermarkOf: (log: Log) => number): Promise<void> {
    const nowMs = this.#options.environment.clock.wallMs();
    for (const log of [...this.#logs.values()]) {
      if (log.isFailed || this.#logs.get(partitionDirectoryName(log.topic, log.partition)) !== log) continue;
      await log
        .deleteOldSegments(nowMs, highWatermarkOf(log))
        .catch((error: unknown) => this.#noteUnlessFailed(log, error));
    }
  }

  /** Closes all logs, writes the checkpoints and, with a broker epoch, the clean shutdown marker; gives up the lock. */
  async close(brokerEpoch: number | undefined): Promise<void> {
    try {
      if (!this.isOffline) await this.#closeCleanly(brokerEpoch);
      else await this.#forEach([...this.#logs.values()], (log) => log.close());
    } finally {
      await this.#lock.release();
    }
  }

  async #closeCleanly(brokerEpoch: number | undefined): Promise<void> {
    const logs = [...this.#logs.values()];
    await this.#forEach(logs, async (log) => {
      await log.flush().catch((error: unknown) => this.#noteUnlessFailed(log, error));
    });
    if (!this.isOffline) await this.checkpoint();
    await this.#forEach(logs, async (log) => {
      await log.close().catch((error: unknown) => this.#noteUnlessFailed(log, error));
    });
    const isComplete = !this.isOffline && this.#isClean && this.#unopened.size === 0;
    if (isComplete && brokerEpoch !== undefined) await this.#files.writeCleanShutdown(brokerEpoch);
  }

  async #open(topic: string, partition: number, topicId: string, recoveryPoint: number): Promise<Log | undefined> {
    const name = partitionDirectoryName(topic, partition);
    const { environment, configOf } = this.#options;
    try {
      const log = await Log.open({
        directory: `${this.path}/${name}`,
        topic,
        partition,
        topicId,
        config: configOf(topic),
        environment,
        hooks: {
          advanced: (advanced) => this.#options.hooks.advanced(advanced),
          failed: (_log, error) => this.#fail(error),
          cleanedCut: () => this.checkpointCleaned(),
        },
        recoveryPoint,
        cleanedOffset: this.#cleaned.offsetOf(topic, partition),
        logStartOffset: this.#logStarts.get(name) ?? 0,
        cleanShutdown: this.#isClean,
      });
      this.#logs.set(name, log);
      this.#unopened.delete(name);
      return log;
    } catch (error) {
      const reason = error instanceof Error ? error : new Error(String(error));
      environment.logger.error(
        { directory: `${this.path}/${name}`, error: reason.message },
        'a partition cannot be opened',
      );
      this.#unopened.set(name, reason);
      return undefined;
    }
  }

  async #retire(log: Log, suffix: string): Promise<{ directory: string; unheld(): Promise<void> }> {
    const { files, random } = this.#options.environment;
    const name = retiredDirectoryName(log.topic, log.partition, random.bytes(16), suffix);
    const directory = `${this.path}/${name}`;
    this.#logs.delete(partitionDirectoryName(log.topic, log.partition));
    const from = log.directory;
    const { unheld } = await log.retire(directory, async () => {
      await files.rename(from, directory);
      await files.syncDirectory(this.path);
    });
    return { directory, unheld };
  }

  async #writeCheckpoint(name: CheckpointName, offsetOf: (log: Log) => Promise<number>): Promise<void> {
    this.#requireOnline();
    const offsets = new Map<Log, number>();
    const isCurrent = (log: Log) => this.log(log.topic, log.partition) === log;
    for (const log of [...this.#logs.values()]) {
      try {
        offsets.set(log, await offsetOf(log));
      } catch (error) {
        // One that is being deleted has nothing to say.
        if (isCurrent(log)) throw error;
      }
    }
    // Until it is written, a log may have made room for another of its name.
    const rows = () =>
      [...offsets]
        .filter(([log]) => isCurrent(log))
        .map(([{ topic, partition }, offset]) => ({ topic, partition, offset }));
    await this.#guarded(this.#files.writeCheckpoint(name, rows));
  }

  async #guarded(writing: Promise<void>): Promise<void> {
    try {
      await writing;
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
  }

  /** A log's disk does not work any more: nothing else in this directory can be relied on either. */
  #fail(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#options.environment.logger.error(
      { directory: this.path, error: error.message },
      'a log directory goes offline',
    );
    for (const log of this.#logs.values()) {
      log.takeOffline(error);
      this.#options.hooks.failed(log, error);
    }
    this.#options.hooks.offline(this, error);
  }

  #noteUnlessFailed(log: Log, error: unknown): void {
    if (log.isFailed) return;
    this.#options.environment.logger.error(
      { directory: log.directory, error: String(error) },
      'upkeep of a log went wrong',
    );
  }

  /** Whether the partition lies in this directory, readable or not. */
  #isHere(topic: string, partition: number): boolean {
    const name = partitionDirectoryName(topic, partition);
    return this.#logs.has(name) || this.#unopened.has(name);
  }

  #requireOnline(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Runs `action` for each item, a bounded number at a time. */
  async #forEach<Item>(items: readonly Item[], action: (item: Item) => Promise<void>): Promise<void> {
    const queue = items.values();
    const worker = async () => {
      for (const item of queue) await action(item);
    };
    await Promise.all(Array.from({ length: this.#options.concurrency ?? 32 }, worker));
  }
}
