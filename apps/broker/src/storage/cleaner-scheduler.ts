import type { Clock, Timer } from '../ports/clock.ts';
import { FilesError } from '../ports/files.ts';
import type { Logger } from '../ports/logger.ts';
import type { CleanerMetrics } from './cleaner-metrics.ts';
import { CleaningInterrupted } from './cleaner-pace.ts';
import type { CleanableRange } from './cleaner-range.ts';
import type { CleanerResources } from './cleaner-run.ts';
import type { Log } from './log.ts';
import type { LogDirectory } from './log-directory.ts';
import { LogFailedError } from './log-options.ts';

/** The broker's settings of the cleaner, by Kafka's names. */
export interface CleanerSettings {
  /** log.cleaner.enable */
  readonly isEnabled: boolean;
  /** log.cleaner.threads: logs that are compacted at a time. They take turns on one thread. */
  readonly threads: number;
  /** log.cleaner.dedupe.buffer.size, of all together; taken only while it is needed. */
  readonly dedupeBufferBytes: number;
  /** log.cleaner.io.buffer.load.factor */
  readonly loadFactor: number;
  /** log.cleaner.io.buffer.size, of all together. */
  readonly ioBufferBytes: number;
  /** log.cleaner.io.max.bytes.per.second, of all together. */
  readonly ioMaxBytesPerSecond: number;
  /** log.cleaner.backoff.ms: pause where nothing was to be done. */
  readonly backoffMs: number;
}

/** Kafka 4.4's defaults. */
export const defaultCleanerSettings: CleanerSettings = {
  isEnabled: true,
  threads: 1,
  dedupeBufferBytes: 134_217_728,
  loadFactor: 0.9,
  ioBufferBytes: 524_288,
  ioMaxBytesPerSecond: Number.MAX_VALUE,
  backoffMs: 15_000,
};

export interface CleanerSchedulerOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Asked before each cleaning. */
  readonly settings: () => CleanerSettings;
  /** Exclusive end of what may be compacted: the last stable offset; undefined where the log is not served. */
  readonly stableOffsetOf: (log: Log) => number | undefined;
  readonly metrics?: CleanerMetrics;
}

interface Candidate {
  readonly log: Log;
  readonly directory: LogDirectory;
  readonly range: CleanableRange;
}

/** Smallest buffer that is of use: a batch header. */
const BUFFER_BYTES_MIN = 4096;

/**
 * Compacts the logs whose cleanup.policy says so, the dirtiest first. A log that cannot be compacted is left alone until the next start,
 * with one line of the reason: it goes on being served, and grows.
 */
export class CleanerScheduler {
  readonly #options: CleanerSchedulerOptions;
  readonly #uncleanable = new Map<Log, Error>();
  readonly #busy = new Set<Log>();
  /** Full disk, or called off: not before the next pause is over. */
  readonly #postponed = new Set<Log>();
  readonly #timers = new Set<{ readonly timer: Timer; readonly end: () => void }>();
  readonly #workers: Promise<void>[] = [];
  #directories: readonly LogDirectory[] = [];
  #isStopped = false;

  constructor(options: CleanerSchedulerOptions) {
    this.#options = options;
  }

  /** Logs that cannot be compacted, and why. */
  get uncleanable(): ReadonlyMap<Log, Error> {
    return this.#uncleanable;
  }

  start(directories: readonly LogDirectory[]): void {
    this.#directories = directories;
    // The first worker starts the others, as many as there are to be at the time.
    if (this.#options.settings().isEnabled) this.#workers.push(this.#work(0));
  }

  /** Calls off what is under way; resolves when all of it has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const { timer, end } of this.#timers) {
      timer.cancel();
      end();
    }
    await Promise.all([...this.#busy].map((log) => log.cleaning.stop()));
    await Promise.all(this.#workers);
  }

  async #work(index: number): Promise<void> {
    // The first look comes after the first pause: a start has other things to do.
    await this.#pause();
    while (!this.#isStopped) {
      const isWanted = index < this.#adjust(index);
      if (!isWanted && index > 0) return;
      const hasCleaned = isWanted && (await this.#tryToClean());
      if (!hasCleaned) await this.#pause();
    }
  }

  /** Starts workers that are lacking; those that are too many end by themselves, the last one first. Gives how many there are to be. */
  #adjust(index: number): number {
    const { threads } = this.#options.settings();
    if (index === 0)
      for (let next = this.#workers.length; next < threads; next += 1) this.#workers.push(this.#work(next));
    else if (index >= threads) this.#workers.length = Math.min(this.#workers.length, index);
    return threads;
  }

  async #tryToClean(): Promise<boolean> {
    try {
      return await this.#cleanDirtiest();
    } catch (error) {
      this.#options.logger.error({ error: String(error) }, 'looking for logs to compact failed');
      return false;
    }
  }

  /** Compacts one log; false where nothing was to be done. */
  async #cleanDirtiest(): Promise<boolean> {
    const best = await this.#dirtiest();
    if (best === undefined || this.#isStopped) return false;
    this.#busy.add(best.log);
    try {
      await this.#clean(best);
    } finally {
      this.#busy.delete(best.log);
    }
    return true;
  }

  async #dirtiest(): Promise<Candidate | undefined> {
    let best: Candidate | undefined;
    let maxDirtyRatio = 0;
    for (const directory of this.#directories) {
      for (const log of [...directory.logs()]) {
        const range = await this.#rangeOf(directory, log);
        if (range === undefined) continue;
        maxDirtyRatio = Math.max(maxDirtyRatio, range.dirtyRatio);
        const isDue = range.isOverdue || range.dirtyRatio > log.config.minCleanableDirtyRatio;
        if (isDue && (best === undefined || isDirtier(range, best.range))) best = { log, directory, range };
      }
    }
    this.#forgetGone();
    this.#options.metrics?.looked({ uncleanable: this.#uncleanable.size, maxDirtyRatio });
    return best;
  }

  async #rangeOf(directory: LogDirectory, log: Log): Promise<CleanableRange | undefined> {
    const isOut = directory.isOffline || log.isFailed || !log.config.cleanupPolicy.compact;
    if (isOut || this.#busy.has(log) || this.#postponed.has(log) || this.#uncleanable.has(log)) return undefined;
    const stableOffset = this.#options.stableOffsetOf(log);
    if (stableOffset === undefined) return undefined;
    try {
      return await log.cleaning.range(this.#options.clock.wallMs(), stableOffset);
    } catch (error) {
      this.#note(log, error);
      return undefined;
    }
  }

  async #clean({ log, directory, range }: Candidate): Promise<void> {
    const { clock, logger, metrics } = this.#options;
    const startedMs = clock.monotonicMs();
    try {
      const result = await log.cleaning.clean(range, this.#resources());
      await directory.checkpointCleaned();
      const tookMs = Math.round(clock.monotonicMs() - startedMs);
      logger.info({ topic: log.topic, partition: log.partition, ...result, tookMs }, 'a log was compacted');
      metrics?.cleaned(result, tookMs / 1000);
    } catch (error) {
      this.#note(log, error);
    }
  }

  #resources(): CleanerResources {
    const { settings } = this.#options;
    const { threads, dedupeBufferBytes, loadFactor, ioBufferBytes } = settings();
    const share = Math.max(1, threads);
    const bufferBytes = Math.max(BUFFER_BYTES_MIN, Math.floor(ioBufferBytes / share / 2));
    return {
      mapBytes: dedupeBufferBytes / share,
      loadFactor,
      readBuffer: new Uint8Array(bufferBytes),
      writeBuffer: new Uint8Array(bufferBytes),
      bytesPerSecond: () => settings().ioMaxBytesPerSecond / share,
    };
  }

  #note(log: Log, error: unknown): void {
    if (log.isFailed || error instanceof LogFailedError) return;
    const { logger } = this.#options;
    const partition = { topic: log.topic, partition: log.partition };
    const isPassing = error instanceof CleaningInterrupted || error instanceof FilesError;
    if (isPassing) {
      this.#postponed.add(log);
      if (error instanceof FilesError) logger.warn({ ...partition, error: error.message }, 'a compaction is put off');
      return;
    }
    const reason = error instanceof Error ? error : new Error(String(error));
    this.#uncleanable.set(log, reason);
    logger.error(
      { ...partition, error: reason.message },
      'a log cannot be compacted and is left as it is until the next start',
    );
  }

  #forgetGone(): void {
    const there = new Set(this.#directories.flatMap((directory) => [...directory.logs()]));
    for (const log of this.#uncleanable.keys()) if (!there.has(log)) this.#uncleanable.delete(log);
  }

  async #pause(): Promise<void> {
    if (this.#isStopped) return;
    await new Promise<void>((resolve) => {
      const timer = this.#options.clock.setTimer(this.#options.settings().backoffMs, () => {
        this.#timers.delete(pause);
        resolve();
      });
      const pause = { timer, end: resolve };
      this.#timers.add(pause);
    });
    this.#postponed.clear();
  }
}

/** What is overdue comes first. */
function isDirtier(a: CleanableRange, b: CleanableRange): boolean {
  if (a.isOverdue !== b.isOverdue) return a.isOverdue;
  return a.dirtyRatio > b.dirtyRatio;
}
