import { FilesError } from '../ports/files.ts';
import type { PartitionOffset } from './checkpoint.ts';
import { DirectoryCheckpoints } from './directory-checkpoints.ts';
import { DirectoryLogs } from './directory-logs.ts';
import { type AcquiredDirectory, acquireDirectory } from './log-directory-acquire.ts';
import type { CheckpointName, LogDirectoryFiles } from './log-directory-files.ts';
import type { LogConfig } from './log-config.ts';
import type { LogEnvironment } from './log-environment.ts';
import type { Log, LogHooks } from './log.ts';
import { DELETE_SUFFIX, STRAY_SUFFIX } from './partition-names.ts';

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

/**
 * One entry of log.dirs: its lock, identity, checkpoints and the logs in it. Use: acquire, identify, loadLogs, close. A fault of its disk
 * at any time takes it offline, and nothing but it: the calls of a start then do nothing.
 */
export class LogDirectory {
  readonly path: string;
  readonly #options: LogDirectoryOptions;
  readonly #files: LogDirectoryFiles;
  readonly #checkpoints: DirectoryCheckpoints;
  readonly #lock: AcquiredDirectory['lock'];
  readonly #logs: DirectoryLogs;
  #identity: Partial<LogDirectoryIdentity> & { directoryId?: string };
  #isClean: boolean;
  readonly #previousBrokerEpoch: number;
  #failure: Error | undefined;

  /** Makes the directory if absent, takes its `.lock` and reads its identity. Rejects with `FilesError` `locked` where in use. */
  static async acquire(options: LogDirectoryOptions): Promise<LogDirectory> {
    return new LogDirectory(options, await acquireDirectory(options.path, options.environment));
  }

  private constructor(options: LogDirectoryOptions, acquired: AcquiredDirectory) {
    const { lock, files, meta, shutdown, failure } = acquired;
    this.path = options.path;
    this.#options = options;
    this.#lock = lock;
    this.#files = files;
    this.#checkpoints = new DirectoryCheckpoints(files);
    const { path, environment, configOf, hooks, concurrency = 32 } = options;
    this.#logs = new DirectoryLogs({
      ...{ path, environment, configOf, concurrency, checkpoints: this.#checkpoints },
      hooks: {
        advanced: (log) => hooks.advanced(log),
        failed: (_log, error) => this.#fail(error),
        cut: (log, isCleanedCut) => this.#logCut(log, isCleanedCut),
      },
    });
    this.#identity = { ...meta, directoryId: meta.directoryId ?? options.environment.random.uuid() };
    this.#isClean = shutdown.isClean;
    this.#previousBrokerEpoch = shutdown.brokerEpoch;
    if (failure !== undefined) this.#fail(failure);
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
  /** Why it is offline. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Writes `meta.properties` in a new directory; rejects where the directory belongs to another cluster or node. */
  async identify(identity: LogDirectoryIdentity): Promise<void> {
    if (this.isOffline) return;
    const { clusterId = identity.clusterId, nodeId = identity.nodeId } = this.#identity;
    if (clusterId !== identity.clusterId) throw this.#belongsTo(`cluster ${clusterId}`, identity.clusterId);
    if (nodeId !== identity.nodeId) throw this.#belongsTo(`node ${nodeId}`, identity.nodeId);
    this.#identity = { ...this.#identity, ...identity };
    await this.#offlineOnFault(() => this.#files.writeMeta({ ...identity, directoryId: this.directoryId }));
  }

  #belongsTo(owner: string, asked: string | number): FilesError {
    return new FilesError('exists', this.path, `it belongs to ${owner}, not to ${asked}`);
  }

  /** Opens every partition's log, recovering where needed, and removes what deletions left behind. */
  async loadLogs(): Promise<void> {
    if (!this.isOffline) await this.#offlineOnFault(() => this.#loadLogs());
    // Those that were opened while it failed.
    if (this.#failure !== undefined) for (const log of this.#logs.all()) log.takeOffline(this.#failure);
  }

  async #loadLogs(): Promise<void> {
    await this.#checkpoints.load();
    // From here on a crash is an unclean stop again.
    await this.#files.removeCleanShutdown();
    await this.#logs.load(this.#isClean);
    this.#isClean = true;
    // A log that came back shorter than it was cleaned is told apart before anything is appended to it.
    await this.#checkpoints.saveCleaned(this.#logs.all());
  }

  /** Runs a part of the start; where the disk refuses it, the directory goes offline. */
  async #offlineOnFault(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      if (!(error instanceof FilesError)) throw error;
      this.#fail(error);
    }
  }

  logs(): Iterable<Log> {
    return this.#logs.all();
  }

  log(topic: string, partition: number): Log | undefined {
    return this.#logs.get(topic, partition);
  }

  /** Why a partition that has a directory here could not be opened. */
  openFailure(topic: string, partition: number): Error | undefined {
    return this.#logs.openFailure(topic, partition);
  }

  /** A new partition's log; its directory holds `partition.metadata` alone until the first record. */
  async createLog(topic: string, partition: number, topicId: string): Promise<Log> {
    this.#requireOnline();
    const existing = this.log(topic, partition);
    if (existing !== undefined) throw new Error(`${existing.directory} exists already`);
    await this.#checkpoints.begin(topic, partition, (name, index) => this.#logs.isHere(name, index));
    const log = await this.#logs.open(topic, partition, topicId, this.#isClean);
    if (log === undefined)
      throw this.openFailure(topic, partition) ?? new Error(`${topic}-${partition} could not be opened`);
    return log;
  }

  /** Takes the log away: renames its directory `<topic>-<p>.<uuid>-delete`, removes it after file.delete.delay.ms. */
  async deleteLog(log: Log): Promise<void> {
    const { clock, files, logger } = this.#options.environment;
    const { directory, unheld } = await this.#logs.retire(log, DELETE_SUFFIX);
    this.#checkpoints.drop(log.topic, log.partition);
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
    await this.#logs.retire(log, STRAY_SUFFIX);
  }

  /** High watermark as checkpointed; 0 where unknown. */
  checkpointedHighWatermark(topic: string, partition: number): number {
    return this.#checkpoints.highWatermarkOf(topic, partition);
  }

  /** Writes `replication-offset-checkpoint`. */
  async checkpointHighWatermarks(highWatermarkOf: (log: Log) => number): Promise<void> {
    await this.#writeCheckpoint('replication-offset-checkpoint', async (log) => highWatermarkOf(log));
  }

  /** Writes `recovery-point-offset-checkpoint` and `log-start-offset-checkpoint`. */
  async checkpoint(): Promise<void> {
    const flushed = (log: Log) => log.flushedEndOffset;
    await this.#writeCheckpoint('recovery-point-offset-checkpoint', (log) => log.prepareCheckpoint(), flushed);
    await this.checkpointLogStarts();
  }

  /** Writes `log-start-offset-checkpoint`. */
  checkpointLogStarts(): Promise<void> {
    return this.#writeCheckpoint('log-start-offset-checkpoint', async (log) => log.logStartOffset);
  }

  /** Brings `cleaner-offset-checkpoint` up to date. */
  async checkpointCleaned(): Promise<void> {
    this.#requireOnline();
    await this.#guarded(this.#checkpoints.saveCleaned(this.#logs.all()));
  }

  /** What is appended from now on is not what the checkpoints were written for. */
  async #logCut(log: Log, isCleanedCut: boolean): Promise<void> {
    await this.#guarded(this.#checkpoints.cutTo(log.topic, log.partition, log.logEndOffset));
    if (isCleanedCut) await this.checkpointCleaned();
  }

  /** Retention over all logs; a log's records below `highWatermarkOf` alone are deletable. */
  async deleteOldSegments(highWatermarkOf: (log: Log) => number): Promise<void> {
    const nowMs = this.#options.environment.clock.wallMs();
    for (const log of [...this.#logs.all()]) {
      if (log.isFailed || !this.#logs.isCurrent(log)) continue;
      await log
        .deleteOldSegments(nowMs, highWatermarkOf(log))
        .catch((error: unknown) => this.#noteUnlessFailed(log, error));
    }
  }

  /** Closes all logs, writes the checkpoints and, with a broker epoch, the clean shutdown marker; gives up the lock. */
  async close(brokerEpoch: number | undefined): Promise<void> {
    try {
      if (!this.isOffline) await this.#closeCleanly(brokerEpoch);
      else await this.#logs.each((log) => log.close());
    } finally {
      await this.#lock?.release();
    }
  }

  async #closeCleanly(brokerEpoch: number | undefined): Promise<void> {
    await this.#logs.each(async (log) => {
      await log.flush().catch((error: unknown) => this.#noteUnlessFailed(log, error));
    });
    if (!this.isOffline) await this.checkpoint();
    await this.#logs.each(async (log) => {
      await log.close().catch((error: unknown) => this.#noteUnlessFailed(log, error));
    });
    const isComplete = !this.isOffline && this.#isClean && this.#logs.areAllOpen;
    if (isComplete && brokerEpoch !== undefined) await this.#files.writeCleanShutdown(brokerEpoch);
  }

  /** @param endOf what no offset may be beyond by the time it is written: the log may have been cut since it was asked */
  async #writeCheckpoint(
    name: CheckpointName,
    offsetOf: (log: Log) => Promise<number>,
    endOf: (log: Log) => number = (log) => log.logEndOffset,
  ): Promise<void> {
    this.#requireOnline();
    const isCurrent = (log: Log) => this.#logs.isCurrent(log);
    const rows = await this.#checkpoints.gather([...this.#logs.all()], { offsetOf, endOf, isCurrent });
    const isUnopened = (row: PartitionOffset) => this.openFailure(row.topic, row.partition) !== undefined;
    await this.#guarded(this.#checkpoints.write(name, rows, isUnopened));
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
    for (const log of this.#logs.all()) {
      log.takeOffline(error);
      this.#options.hooks.failed(log, error);
    }
    this.#options.hooks.offline(this, error);
  }

  #noteUnlessFailed(log: Log, error: unknown): void {
    // One that has been deleted meanwhile is closed: nothing is wrong with it.
    if (log.isFailed || !this.#logs.isCurrent(log)) return;
    this.#options.environment.logger.error(
      { directory: log.directory, error: String(error) },
      'upkeep of a log went wrong',
    );
  }

  #requireOnline(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}
