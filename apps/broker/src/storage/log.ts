import type { LogAppender } from './log-appender.ts';
import type { EpochEndOffset } from './leader-epoch-cache.ts';
import type { LogConfig } from './log-config.ts';
import { loadLog } from './log-loader.ts';
import type {
  AppendOptions,
  FollowerAppend,
  LogAppend,
  LogOptions,
  LogRead,
  LogReadOptions,
  TimestampedOffset,
} from './log-options.ts';
import { assembleLog } from './log-assembly.ts';
import type { LogCleaning } from './log-cleaning.ts';
import type { LogCuts } from './log-cuts.ts';
import type { LogFlushRules } from './log-flush-rules.ts';
import type { LogGuard } from './log-guard.ts';
import type { LogParts } from './log-parts.ts';
import type { LogProducers } from './log-producers.ts';
import { readLog } from './log-reads.ts';
import { removeOldSegments } from './log-retention.ts';
import { moveSegments } from './log-retirement.ts';
import { searchLog, searchMaxTimestamp } from './log-timestamps.ts';
import type { LogState } from './log-state.ts';
import type { LogUpkeep } from './log-upkeep.ts';

export type { EpochEndOffset } from './leader-epoch-cache.ts';
export * from './log-options.ts';

/**
 * One partition's log: segments on disk and a tail in memory.
 *
 * Three ends, each at or below the one before: `appendedEndOffset` (offsets assigned, bytes in the tail), `logEndOffset`
 * (the write returned), `flushedEndOffset` (fdatasync returned). Readers and acknowledgements use `logEndOffset`.
 * After a failure, and once closed, every method that touches the disk throws or rejects with `LogFailedError`.
 */
export class Log {
  readonly topic: string;
  readonly partition: number;
  readonly topicId: string;
  /** Idempotent and transactional producers, and what their open transactions keep from readers. */
  readonly producers: LogProducers;
  /** Compaction (cleanup.policy=compact). */
  readonly cleaning: LogCleaning;
  readonly #options: LogOptions;
  readonly #state: LogState;
  readonly #parts: LogParts;
  readonly #guard: LogGuard;
  readonly #appender: LogAppender;
  readonly #upkeep: LogUpkeep;
  readonly #flushRules: LogFlushRules;
  readonly #cuts: LogCuts;

  /** Opens what is there (recovering after an unclean stop) or starts an empty log. Rejects with `FilesError` where the disk fails. */
  static async open(options: LogOptions): Promise<Log> {
    const loaded = await loadLog(options);
    return new Log(options, loaded);
  }

  private constructor(options: LogOptions, loaded: Awaited<ReturnType<typeof loadLog>>) {
    this.topic = options.topic;
    this.partition = options.partition;
    this.topicId = options.topicId;
    this.#options = options;
    const made = assembleLog(options, loaded, {
      written: (endOffset) => this.#written(endOffset),
      flushed: () => this.#advanced(),
      failed: (error) => this.#fail(error),
      cut: async (isCleanedCut) => options.hooks.cut?.(this, isCleanedCut),
    });
    this.producers = made.producers;
    this.cleaning = made.cleaning;
    this.#state = made.state;
    this.#parts = made.parts;
    this.#guard = made.guard;
    this.#appender = made.appender;
    this.#upkeep = made.upkeep;
    this.#flushRules = made.flushRules;
    this.#cuts = made.cuts;
  }

  get directory(): string {
    return this.#state.directory;
  }
  get config(): LogConfig {
    return this.#state.config;
  }
  /** Whether a failure has taken the log out of service. */
  get isFailed(): boolean {
    return this.#guard.isFailed;
  }
  get logStartOffset(): number {
    return this.#state.logStartOffset;
  }
  get appendedEndOffset(): number {
    return this.#appender.appendedEndOffset;
  }
  get logEndOffset(): number {
    return this.#state.logEndOffset;
  }
  get flushedEndOffset(): number {
    return this.#parts.flusher.flushedEndOffset;
  }
  /** Epoch of the last entry of the leader epoch cache, -1 where there is none. */
  get latestLeaderEpoch(): number {
    return this.#parts.epochs.latestEpoch;
  }
  /** Bytes of all segments, appended ones included. */
  get sizeBytes(): number {
    return this.#parts.segments.sizeBytes;
  }
  get segmentCount(): number {
    return this.#parts.segments.all.length;
  }
  /** Appended but not yet written. */
  get unwrittenBytes(): number {
    return this.#parts.segments.unwrittenBytes;
  }

  /** New limits, in force from the next append or retention run. */
  updateConfig(config: LogConfig): void {
    this.#state.config = config;
  }

  /**
   * Appends one validated batch as leader, synchronously: assigns its offsets, stamps the leader epoch (and the append time where the
   * topic asks for it) into the copy it makes. The caller's bytes are not changed. `hooks.advanced` tells when it was written.
   */
  append(batch: Uint8Array, options: AppendOptions): LogAppend {
    this.#guard.requireWritable();
    return this.#appender.append(batch, options);
  }

  /** Appends a leader's batches with the offsets and epochs they carry, after checking size, magic, CRC and order. */
  appendAsFollower(batches: Uint8Array): FollowerAppend {
    this.#guard.requireWritable();
    return this.#appender.appendAsFollower(batches);
  }

  /**
   * Whole batches from the one that holds `startOffset`, below `upToOffset` (exclusive; at most `logEndOffset` counts), of at most
   * `maxBytes`. Synchronous where the bytes are in memory or surely cached, else a promise. What it returns may be less than there is.
   */
  read(startOffset: number, maxBytes: number, upTo: number, options: LogReadOptions = {}): LogRead | Promise<LogRead> {
    this.#guard.requireUsable();
    const { minOneBatch = false, withEmpty = false } = options;
    const bounds = { logStartOffset: this.#state.logStartOffset, endOffset: this.#state.logEndOffset };
    const read = readLog(this.#parts, { startOffset, maxBytes, upToOffset: upTo, minOneBatch, withEmpty, ...bounds });
    return read instanceof Promise ? this.#guard.guarded(read) : read;
  }

  /** First record at or above `logStartOffset` and below `upToOffset` (default `logEndOffset`) with a timestamp >= `timestampMs`. */
  offsetForTimestamp(
    timestampMs: number,
    upToOffset = this.#state.logEndOffset,
  ): Promise<TimestampedOffset | undefined> {
    this.#guard.requireUsable();
    const { logStartOffset: fromOffset, logEndOffset } = this.#state;
    const query = { timestampMs, fromOffset, upToOffset: Math.min(upToOffset, logEndOffset) };
    return this.#guard.guarded(searchLog(this.#parts, query, this.#state.config.indexIntervalBytes));
  }

  /** The record with the greatest timestamp (KIP-734); undefined in an empty log. */
  offsetOfMaxTimestamp(): Promise<TimestampedOffset | undefined> {
    this.#guard.requireUsable();
    const range = { fromOffset: this.#state.logStartOffset, upToOffset: this.#state.logEndOffset };
    return this.#guard.guarded(searchMaxTimestamp(this.#parts, range, this.#state.config.indexIntervalBytes));
  }

  /** The end of the greatest known epoch <= `leaderEpoch`. */
  endOffsetForEpoch(leaderEpoch: number): EpochEndOffset {
    return this.#parts.epochs.endOffsetFor(leaderEpoch, this.#state.logEndOffset);
  }

  /** Epoch of the record at `offset`, -1 where unknown. */
  epochForOffset(offset: number): number {
    return this.#parts.epochs.epochForOffset(offset);
  }

  /** Notes that `leaderEpoch` starts at `appendedEndOffset`: on becoming leader. */
  assignLeaderEpoch(leaderEpoch: number): void {
    this.#parts.epochs.assign(leaderEpoch, this.appendedEndOffset);
  }

  /** Drops everything from `offset` on (the batch that holds it included), ends included. No append may run meanwhile. */
  truncateTo(offset: number): Promise<void> {
    return this.#cuts.truncateTo(offset);
  }

  /** Drops everything and starts an empty log at `offset`: a follower whose leader has deleted what it lacks. */
  truncateFullyAndStartAt(offset: number): Promise<void> {
    return this.#cuts.restartAt(offset);
  }

  /** Moves the start up (DeleteRecords, a leader's start). Returns the start in force; whole segments below it go with retention. */
  advanceLogStartOffset(offset: number): number {
    if (offset > this.#state.logStartOffset) {
      this.#state.logStartOffset = Math.min(offset, this.#state.logEndOffset);
      this.#parts.epochs.truncateFromStart(this.#state.logStartOffset);
    }
    return this.#state.logStartOffset;
  }

  /** Removes old segments by retention.ms, retention.bytes and `logStartOffset`, of records below `deletableEndOffset`. Returns how many. */
  deleteOldSegments(nowMs: number, deletableEndOffset = this.#state.logEndOffset): Promise<number> {
    const run = { config: this.#state.config, nowMs, logStartOffset: this.#state.logStartOffset, deletableEndOffset };
    return this.#guard.alone(() =>
      removeOldSegments(this.#parts, run, {
        directory: this.#state.directory,
        roll: () => this.#appender.roll(nowMs),
        saveProducers: (endOffset) => this.#upkeep.saveProducers(endOffset),
        startsAt: (offset) => void this.advanceLogStartOffset(offset),
      }),
    );
  }

  /** Writes and syncs all that was appended before the call. */
  async flush(): Promise<void> {
    this.#guard.requireUsable();
    const endOffset = this.appendedEndOffset;
    await this.#parts.writer.drained();
    await this.#parts.flusher.reached(endOffset);
    this.#guard.requireUsable();
  }

  /** Fails the log without telling its owner: its log directory, which calls this, has failed as a whole. */
  takeOffline(error: Error): void {
    if (!this.#guard.fail(error)) return;
    this.#stop();
    this.#parts.tail.clear();
  }

  /** What must be on disk before a checkpoint may name the result as recovery point; for the log directory. */
  async prepareCheckpoint(): Promise<number> {
    this.#guard.requireUsable();
    const { flushedEndOffset } = this;
    await this.#guard.guarded(this.#upkeep.saveEpochs());
    return Math.min(flushedEndOffset, this.flushedEndOffset, this.#upkeep.indexedEndOffset);
  }

  /** Flushes, writes the indexes and checkpoint files, closes. */
  async close(): Promise<void> {
    if (this.#guard.isClosed) return;
    if (!this.isFailed) {
      await this.flush();
      await this.#guard.alone(() => this.#upkeep.saveAll());
    }
    await this.#release();
  }

  /** Stops all activity and moves the directory's files to where `rename` puts them; for the log directory, which removes them later. */
  async retire(directory: string, rename: () => Promise<void>): Promise<{ unheld(): Promise<void> }> {
    await this.#release();
    await moveSegments(this.#parts, directory, async () => {
      await rename();
      this.#state.directory = directory;
    });
    return { unheld: () => this.#upkeep.dropUnheld() };
  }

  #written(endOffset: number): void {
    this.#state.logEndOffset = Math.max(this.#state.logEndOffset, endOffset);
    this.#upkeep.noteWritten();
    this.#flushRules.written();
    this.#advanced();
  }

  #advanced(): void {
    if (!this.isFailed && !this.#guard.isClosed) this.#options.hooks.advanced(this);
  }

  #fail(error: Error): void {
    if (this.isFailed || this.#guard.isClosed) return;
    this.takeOffline(error);
    const { directory } = this.#state;
    this.#options.environment.logger.error({ directory, error: error.message }, 'a log has failed');
    this.#options.hooks.failed(this, error);
  }

  #stop(): void {
    void this.cleaning.stop();
    this.#flushRules.stop();
    this.#parts.writer.stop();
    this.#parts.flusher.stop();
  }

  async #release(): Promise<void> {
    this.#guard.close();
    this.#stop();
    const { writer, flusher } = this.#parts;
    await Promise.all([writer.drained(), flusher.idle(), this.cleaning.stop(), this.#guard.idle()]);
    await this.#upkeep.idle();
    this.#parts.tail.clear();
    await this.#upkeep.dropHandles();
  }
}
