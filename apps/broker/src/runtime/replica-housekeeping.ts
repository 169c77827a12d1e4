import type { Clock, Timer } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import type { LogDirectory } from '../storage/log-directory.ts';
import type { ReplicaRegistry } from './replica-registry.ts';

export interface HousekeepingIntervals {
  /** replica.high.watermark.checkpoint.interval.ms */
  readonly highWatermarkCheckpointMs: number;
  /** log.flush.offset.checkpoint.interval.ms */
  readonly recoveryCheckpointMs: number;
  /** log.flush.start.offset.checkpoint.interval.ms */
  readonly startCheckpointMs: number;
  /** log.retention.check.interval.ms */
  readonly retentionCheckMs: number;
  /** producer.id.expiration.check.interval.ms */
  readonly producerExpirationCheckMs: number;
  /** log.initial.task.delay.ms: the first checkpoints of recovery points and starts, and the first retention, come so late. */
  readonly initialDelayMs: number;
}

/** And how often it is looked who lags: half of replica.lag.time.max.ms. */
export interface IsrCheckInterval {
  readonly isrCheckMs: number;
}

export interface HousekeepingOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly registry: ReplicaRegistry;
  readonly intervals: HousekeepingIntervals & IsrCheckInterval;
}

/** What has to be done to all logs from time to time: a few timers for the whole broker. */
export class ReplicaHousekeeping {
  readonly #options: HousekeepingOptions;
  readonly #timers = new Set<Timer>();
  /** Work under way; the stop waits for it. */
  readonly #running = new Set<Promise<void>>();
  #directories: readonly LogDirectory[] = [];
  #isStopped = false;

  constructor(options: HousekeepingOptions) {
    this.#options = options;
  }

  start(directories: readonly LogDirectory[]): void {
    const { intervals } = this.#options;
    const { initialDelayMs } = intervals;
    this.#directories = directories;
    this.#every(intervals.highWatermarkCheckpointMs, () => this.checkpointHighWatermarks());
    const saveAll = (directory: LogDirectory) => directory.checkpoint();
    this.#every(intervals.recoveryCheckpointMs, () => this.#forEach(saveAll), initialDelayMs);
    const saveStarts = (directory: LogDirectory) => directory.checkpointLogStarts();
    this.#every(intervals.startCheckpointMs, () => this.#forEach(saveStarts), initialDelayMs);
    this.#every(intervals.isrCheckMs, () => this.#checkIsrs());
    this.#every(intervals.retentionCheckMs, () => this.#deleteOldSegments(), initialDelayMs);
    this.#every(intervals.producerExpirationCheckMs, () => this.#expireProducers());
  }

  /** No more work starts; resolves when what runs is done. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    await Promise.all(this.#running);
  }

  checkpointHighWatermarks(): Promise<void> {
    const { registry } = this.#options;
    return this.#forEach((directory) =>
      directory.checkpointHighWatermarks(
        (log) => registry.ofLog(log)?.highWatermark ?? directory.checkpointedHighWatermark(log.topic, log.partition),
      ),
    );
  }

  async #checkIsrs(): Promise<void> {
    for (const replica of this.#options.registry.all()) replica.tick();
  }

  async #deleteOldSegments(): Promise<void> {
    const { registry } = this.#options;
    await this.#forEach(async (directory) => {
      await directory.deleteOldSegments((log) => registry.ofLog(log)?.highWatermark ?? 0);
      for (const log of directory.logs()) registry.ofLog(log)?.trimmed();
    });
  }

  #expireProducers(): Promise<void> {
    const nowMs = this.#options.clock.wallMs();
    return this.#forEach(async (directory) => {
      for (const log of directory.logs()) log.producers.expire(nowMs, log.config.producerIdExpirationMs);
    });
  }

  /** Runs `work` on each directory that still serves; one that fails takes itself offline and is only reported here. */
  async #forEach(work: (directory: LogDirectory) => Promise<void>): Promise<void> {
    await Promise.all(
      this.#directories.map(async (directory) => {
        if (directory.isOffline) return;
        try {
          await work(directory);
        } catch (error) {
          this.#options.logger.error({ directory: directory.path, error }, 'Periodic work on a log directory failed');
        }
      }),
    );
  }

  #every(intervalMs: number, work: () => Promise<void>, firstMs = intervalMs): void {
    const timer = this.#options.clock.setTimer(firstMs, () => {
      this.#timers.delete(timer);
      const running = work().then(() => {
        this.#running.delete(running);
        if (!this.#isStopped) this.#every(intervalMs, work);
      });
      this.#running.add(running);
    });
    this.#timers.add(timer);
  }
}
