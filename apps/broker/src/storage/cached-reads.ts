import type { Clock } from '../ports/clock.ts';

/** A read that takes longer has waited for the disk: 256 KB out of the system's cache take about 0.05 ms. */
const SLOW_MS = 0.3;
/** How many times as long as it took no log is read on this thread after a slow read: so at most one part in so many is lost to them. */
const REST_FACTOR = 20;
/** Reads of a log that go to another thread after a slow one: the first time, and at most. Doubled each time in a row. */
const SKIPPED_MIN = 4;
const SKIPPED_MAX = 1024;

/** How a log's reads have gone lately. */
export interface ReadPace {
  /** Reads that are still to go to another thread. */
  skips: number;
  /** How many went there last time. */
  lastSkips: number;
}

export const newReadPace = (): ReadPace => ({ skips: 0, lastSkips: 0 });

/**
 * Lets files be read on this thread while their reads are quick, which is when the system has them cached: a hop to another thread costs
 * more than such a read. No system says beforehand what it has cached, so that it is tried; a log whose read was slow is left to other
 * threads for a while, twice as long each time in a row.
 */
export class CachedReads {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  #notBeforeMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  /** Runs `read` now and returns true, or returns false where it should run on another thread. Throws what `read` does. */
  attempt(pace: ReadPace, read: () => void): boolean {
    if (pace.skips > 0) {
      pace.skips -= 1;
      return false;
    }
    const fromMs = this.#clock.monotonicMs();
    if (fromMs < this.#notBeforeMs) return false;
    read();
    const tookMs = this.#clock.monotonicMs() - fromMs;
    if (tookMs <= SLOW_MS) pace.lastSkips = 0;
    else {
      pace.lastSkips = Math.min(SKIPPED_MAX, Math.max(SKIPPED_MIN, pace.lastSkips * 2));
      pace.skips = pace.lastSkips;
      this.#notBeforeMs = fromMs + tookMs * (1 + REST_FACTOR);
    }
    return true;
  }
}
