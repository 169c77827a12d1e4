import type { Timer } from '../ports/clock.ts';
import { LogAppender } from './log-appender.ts';
import type { EpochEndOffset } from './leader-epoch-cache.ts';
import type { LogConfig } from './log-config.ts';
import { loadLog } from './log-loader.ts';
import {
  type AppendOptions,
  type FollowerAppend,
  type LogAppend,
  LogFailedError,
  type LogOptions,
  type LogRead,
  type LogReadOptions,
  type TimestampedOffset,
} from './log-options.ts';
import { makeParts } from './log-assembly.ts';
import { LogCleaning } from './log-cleaning.ts';
import type { LogParts } from './log-parts.ts';
import { LogProducers } from './log-producers.ts';
import { deletableSegments, retireSegments } from './log-retention.ts';
import { searchLog, searchMaxTimestamp } from './log-timestamps.ts';
import { cutLog, restartLog } from './log-truncation.ts';
import { LogUpkeep } from './log-upkeep.ts';
import { createLogFile } from './segment-files.ts';

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
  readonly #parts: LogParts;
  readonly #appender: LogAppender;
  readonly #upkeep: LogUpkeep;
  #config: LogConfig;
  #directory: string;
  #logStartOffset: number;
  #logEndOffset: number;
  #failure: Error | undefined;
  #isClosed = false;
  /** A truncation is under way: offsets may not be assigned. */
  #isCutting = false;
  #flushTimer: Timer | undefined;
  /** Operations that change segments, one after the other. */
  #exclusive: Promise<unknown> = Promise.resolve();

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
    this.#config = options.config;
    this.#directory = options.directory;
    this.#logStartOffset = loaded.logStartOffset;
    this.#logEndOffset = loaded.endOffset;
    const log = this;
    const host = {
      get config() {
        return log.#config;
      },
      get directory() {
        return log.#directory;
      },
      get logEndOffset() {
        return log.#logEndOffset;
      },
      written: (endOffset: number) => this.#written(endOffset),
      flushed: () => this.#advanced(),
      failed: (error: Error) => this.#fail(error),
      syncWritten: () => this.#upkeep.syncWritten(),
      get logStartOffset() {
        return log.#logStartOffset;
      },
      alone: <T>(action: () => Promise<T>) => this.#alone(action),
    };
    this.#parts = makeParts(options.environment, loaded, host);
    this.producers = new LogProducers(this.#parts);
    this.#appender = new LogAppender(this.#parts, host, this.producers, loaded.endOffset);
    this.#upkeep = new LogUpkeep(this.#parts, host, loaded.areEpochsOnDisk);
    this.cleaning = new LogCleaning(this.#parts, host, Math.min(options.cleanedOffset ?? 0, loaded.endOffset));
  }

  get directory(): string {
    return this.#directory;
  }
  get config(): LogConfig {
    return this.#config;
  }
  /** Whether a failure has taken the log out of service. */
  get isFailed(): boolean {
    return this.#failure !== undefined;
  }
  get logStartOffset(): number {
    return this.#logStartOffset;
  }
  get appendedEndOffset(): number {
    return this.#appender.appendedEndOffset;
  }
  get logEndOffset(): number {
    return this.#logEndOffset;
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
    this.#config = config;
  }

  /**
   * Appends one validated batch as leader, synchronously: assigns its offsets, stamps the leader epoch (and the append time where the
   * topic asks for it) into the copy it makes. The caller's bytes are not changed. `hooks.advanced` tells when it was written.
   */
  append(batch: Uint8Array, options: AppendOptions): LogAppend {
    this.#requireWritable();
    return this.#appender.append(batch, options);
  }

  /** Appends a leader's batches with the offsets and epochs they carry, after checking size, magic, CRC and order. */
  appendAsFollower(batches: Uint8Array): FollowerAppend {
    this.#requireWritable();
    return this.#appender.appendAsFollower(batches);
  }

  /**
   * Whole batches from the one that holds `startOffset`, below `upToOffset` (exclusive; at most `logEndOffset` counts), of at most
   * `maxBytes`. Synchronous where the bytes are in memory or surely cached, else a promise. What it returns may be less than there is.
   */
  read(startOffset: number, maxBytes: number, upTo: number, options: LogReadOptions = {}): LogRead | Promise<LogRead> {
    this.#requireUsable();
    const { logStartOffset } = this;
    const endOffset = this.#logEndOffset;
    if (startOffset < logStartOffset || startOffset > endOffset)
      return { type: 'out-of-range', logStartOffset, endOffset };
    const upToOffset = Math.min(upTo, endOffset);
    if (startOffset >= upToOffset) return { type: 'records', parts: [], sizeBytes: 0, nextOffset: startOffset };
    const minOneBatch = options.minOneBatch ?? false;
    const inTail = this.#parts.tail.read(startOffset, maxBytes, upToOffset, minOneBatch);
    if (inTail !== undefined) return recordsOf(inTail);
    const read = this.#parts.reader.read({ startOffset, maxBytes, upToOffset, minOneBatch });
    return read instanceof Promise ? this.#guarded(read.then(recordsOf)) : recordsOf(read);
  }

  /** First record at or above `logStartOffset` and below `upToOffset` (default `logEndOffset`) with a timestamp >= `timestampMs`. */
  offsetForTimestamp(timestampMs: number, upToOffset = this.#logEndOffset): Promise<TimestampedOffset | undefined> {
    this.#requireUsable();
    const query = {
      timestampMs,
      fromOffset: this.#logStartOffset,
      upToOffset: Math.min(upToOffset, this.#logEndOffset),
    };
    return this.#guarded(searchLog(this.#parts, query, this.#config.indexIntervalBytes));
  }

  /** The record with the greatest timestamp (KIP-734); undefined in an empty log. */
  offsetOfMaxTimestamp(): Promise<TimestampedOffset | undefined> {
    this.#requireUsable();
    const range = { fromOffset: this.#logStartOffset, upToOffset: this.#logEndOffset };
    return this.#guarded(searchMaxTimestamp(this.#parts, range, this.#config.indexIntervalBytes));
  }

  /** The end of the greatest known epoch <= `leaderEpoch`. */
  endOffsetForEpoch(leaderEpoch: number): EpochEndOffset {
    return this.#parts.epochs.endOffsetFor(leaderEpoch, this.#logEndOffset);
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
    return this.#cut(async () => {
      if (offset >= this.appendedEndOffset) return;
      if (offset < this.#parts.segments.first.baseOffset) return this.#restart(offset);
      const endOffset = await cutLog(this.#parts, this.#directory, offset, this.#config.indexIntervalBytes);
      this.#setEnds(endOffset);
      this.#parts.flusher.truncateTo(endOffset);
      await this.#upkeep.saveEpochs();
    });
  }

  /** Drops everything and starts an empty log at `offset`: a follower whose leader has deleted what it lacks. */
  truncateFullyAndStartAt(offset: number): Promise<void> {
    return this.#cut(() => this.#restart(offset));
  }

  /** Moves the start up (DeleteRecords, a leader's start). Returns the start in force; whole segments below it go with retention. */
  advanceLogStartOffset(offset: number): number {
    if (offset > this.#logStartOffset) {
      this.#logStartOffset = Math.min(offset, this.#logEndOffset);
      this.#parts.epochs.truncateFromStart(this.#logStartOffset);
    }
    return this.#logStartOffset;
  }

  /** Removes old segments by retention.ms, retention.bytes and `logStartOffset`, of records below `deletableEndOffset`. Returns how many. */
  deleteOldSegments(nowMs: number, deletableEndOffset = this.#logEndOffset): Promise<number> {
    return this.#alone(async () => {
      const { segments, environment } = this.#parts;
      const run = { config: this.#config, nowMs, logStartOffset: this.#logStartOffset, deletableEndOffset };
      const count = await deletableSegments(this.#parts, run);
      if (count === 0) return 0;
      if (count === segments.all.length) {
        // The name of the new segment's file is what remembers where the log goes on.
        const segment = this.#appender.roll(nowMs);
        await createLogFile(environment.handles, segment);
        await environment.files.syncDirectory(this.#directory);
      }
      // What is known of producers outlives their records.
      await this.#upkeep.saveProducers(segments.all[count]?.baseOffset ?? 0);
      const removed = segments.removeFirst(count);
      const { baseOffset } = segments.first;
      this.advanceLogStartOffset(baseOffset);
      await this.#parts.snapshots.removeBefore(Math.min(baseOffset, this.flushedEndOffset));
      await retireSegments(this.#parts, removed, this.#config.fileDeleteDelayMs);
      return count;
    });
  }

  /** Writes and syncs all that was appended before the call. */
  async flush(): Promise<void> {
    this.#requireUsable();
    const endOffset = this.appendedEndOffset;
    await this.#parts.writer.drained();
    await this.#parts.flusher.reached(endOffset);
    this.#requireUsable();
  }

  /** Fails the log without telling its owner: its log directory, which calls this, has failed as a whole. */
  takeOffline(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#stop();
    this.#parts.tail.clear();
  }

  /** What must be on disk before a checkpoint may name the result as recovery point; for the log directory. */
  async prepareCheckpoint(): Promise<number> {
    this.#requireUsable();
    const { flushedEndOffset } = this;
    await this.#guarded(this.#upkeep.saveEpochs());
    return Math.min(flushedEndOffset, this.flushedEndOffset);
  }

  /** Flushes, writes the indexes and checkpoint files, closes. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    if (!this.isFailed) {
      await this.flush();
      await this.#alone(() => this.#upkeep.saveAll());
    }
    await this.#release();
  }

  /** Stops all activity and moves the directory's files to where `rename` puts them; for the log directory, which removes them later. */
  async retire(directory: string, rename: () => Promise<void>): Promise<{ unheld(): Promise<void> }> {
    await this.#release();
    const segments = this.#parts.segments.all;
    const oldPaths = segments.map((segment) => segment.logPath);
    const moving = rename().then(() => {
      this.#directory = directory;
      for (const segment of segments) segment.moveTo(directory);
    });
    // Whoever looks for a file meanwhile waits for its new name.
    await Promise.all(segments.map((segment) => segment.renamed(() => moving)));
    // Readers may have opened files again under names that another log may take now.
    for (const path of oldPaths) await this.#parts.environment.handles.drop(path);
    return {
      unheld: async () => {
        await Promise.all(this.#parts.segments.all.map((segment) => segment.unheld()));
        await this.#upkeep.dropHandles();
      },
    };
  }

  async #restart(offset: number): Promise<void> {
    await restartLog(this.#parts, this.#directory, offset);
    this.#logStartOffset = offset;
    this.#setEnds(offset);
    this.#parts.flusher.restartAt(offset);
    await this.#upkeep.saveEpochs();
  }

  #setEnds(endOffset: number): void {
    this.#appender.appendedEndOffset = endOffset;
    this.#logEndOffset = endOffset;
    this.#logStartOffset = Math.min(this.#logStartOffset, endOffset);
  }

  #written(endOffset: number): void {
    const { flusher } = this.#parts;
    const { flushMessages, flushMs } = this.#config;
    this.#logEndOffset = Math.max(this.#logEndOffset, endOffset);
    this.#upkeep.noteWritten();
    if (this.#logEndOffset - flusher.flushedEndOffset >= flushMessages) flusher.request(this.#logEndOffset);
    else if (flushMs < Number.MAX_SAFE_INTEGER) this.#flushWithin(flushMs);
    flusher.written();
    this.#advanced();
  }

  #flushWithin(flushMs: number): void {
    this.#flushTimer ??= this.#options.environment.clock.setTimer(flushMs, () => {
      this.#flushTimer = undefined;
      this.#parts.flusher.request(this.#logEndOffset);
    });
  }

  #advanced(): void {
    if (!this.isFailed && !this.#isClosed) this.#options.hooks.advanced(this);
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined || this.#isClosed) return;
    this.takeOffline(error);
    this.#options.environment.logger.error({ directory: this.#directory, error: error.message }, 'a log has failed');
    this.#options.hooks.failed(this, error);
  }

  #stop(): void {
    void this.cleaning.stop();
    this.#flushTimer?.cancel();
    this.#parts.writer.stop();
    this.#parts.flusher.stop();
  }

  async #release(): Promise<void> {
    this.#isClosed = true;
    this.#stop();
    await Promise.all([
      this.#parts.writer.drained(),
      this.#parts.flusher.idle(),
      this.cleaning.stop(),
      this.#exclusive.catch(() => undefined),
    ]);
    await this.#upkeep.idle();
    this.#parts.tail.clear();
    await this.#upkeep.dropHandles();
  }

  /** Runs `action` when no other such action runs, with its disk errors taken as failures of the log. */
  #alone<T>(action: () => Promise<T>): Promise<T> {
    const run = this.#exclusive.then(() => {
      this.#requireUsable();
      return this.#guarded(action());
    });
    this.#exclusive = run.catch(() => undefined);
    return run;
  }

  /** Runs a truncation with writes and syncs at rest. */
  #cut(action: () => Promise<void>): Promise<void> {
    const cut = async () => {
      this.#isCutting = true;
      try {
        await this.#parts.writer.drained();
        await this.#parts.flusher.idle();
        this.#requireUsable();
        await action();
        if (this.cleaning.cutTo(this.appendedEndOffset)) await this.#options.hooks.cleanedCut?.(this);
      } finally {
        this.#isCutting = false;
      }
    };
    return this.cleaning.paused(() => this.#alone(cut));
  }

  async #guarded<T>(running: Promise<T>): Promise<T> {
    try {
      return await running;
    } catch (error) {
      if (this.#upkeep.isDiskFailure(error)) this.#fail(error);
      throw error;
    }
  }

  #requireUsable(): void {
    if (this.#failure !== undefined)
      throw new LogFailedError(`the log has failed: ${this.#failure.message}`, { cause: this.#failure });
    if (this.#isClosed) throw new LogFailedError('the log is closed');
  }

  #requireWritable(): void {
    this.#requireUsable();
    if (this.#isCutting) throw new Error('a log takes no append while it is truncated');
  }
}

function recordsOf(read: {
  readonly part: import('../ports/wire-part.ts').WirePart | undefined;
  readonly nextOffset: number;
}): LogRead {
  const { part, nextOffset } = read;
  return { type: 'records', parts: part === undefined ? [] : [part], sizeBytes: part?.sizeBytes ?? 0, nextOffset };
}
