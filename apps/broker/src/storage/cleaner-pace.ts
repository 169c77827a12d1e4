import type { Clock } from '../ports/clock.ts';

/** Work without a break: at most this long, a batch that is under way aside. A produce request takes several turns of the loop. */
const SLICE_MS = 0.25;
/** Where everybody else's turn takes longer than this, they have work to do. */
const BUSY_MS = 0.1;
/** Then the cleaner rests so long: the least that a timer can do. */
const REST_MS = 1;

/** Whoever calls a cleaning off waits no longer than this for it to notice. */
const NAP_MS = 100;

/** A cleaning was called off: nothing is wrong, and nothing of it stays. */
export class CleaningInterrupted extends Error {
  override readonly name = 'CleaningInterrupted';
}

/**
 * Keeps a cleaner from getting in the way: after each slice of work everybody else has a turn, and where they are busy the cleaner takes
 * a fifth of the time at most. Reads and writes together stay below log.cleaner.io.max.bytes.per.second. It is also where a cleaning learns that it was called off.
 */
export class CleanerPace {
  readonly #clock: Clock;
  readonly #bytesPerSecond: () => number;
  readonly #isInterrupted: () => boolean;
  #turnStartMs: number;
  /** When the bytes counted so far may have been moved, at the rate in force at each. */
  #dueMs = 0;

  constructor(clock: Clock, bytesPerSecond: () => number, isInterrupted: () => boolean) {
    this.#clock = clock;
    this.#bytesPerSecond = bytesPerSecond;
    this.#isInterrupted = isInterrupted;
    this.#turnStartMs = clock.monotonicMs();
  }

  /** Whether it is time to call `turn`. */
  get isTurnDue(): boolean {
    return this.#clock.monotonicMs() - this.#turnStartMs >= SLICE_MS;
  }

  /** Settles after the events that wait. @throws CleaningInterrupted */
  async turn(): Promise<void> {
    const startMs = this.#clock.monotonicMs();
    await new Promise<void>((resolve) => void this.#clock.nextTurn(resolve));
    if (this.#clock.monotonicMs() - startMs > BUSY_MS) {
      await new Promise<void>((resolve) => void this.#clock.setTimer(REST_MS, resolve));
    }
    this.#goOn();
  }

  /** `bytes` were read or written. Settles when work may go on. @throws CleaningInterrupted */
  async moved(bytes: number): Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    // Time in which nothing was done is not saved up.
    this.#dueMs = Math.max(this.#dueMs, nowMs) + (bytes / this.#bytesPerSecond()) * 1000;
    for (let leftMs = this.#dueMs - nowMs; leftMs >= 1; leftMs = this.#dueMs - this.#clock.monotonicMs()) {
      const delayMs = Math.min(leftMs, NAP_MS);
      await new Promise<void>((resolve) => void this.#clock.setTimer(delayMs, resolve));
      this.#goOn();
    }
    this.#goOn();
  }

  #goOn(): void {
    if (this.#isInterrupted()) throw new CleaningInterrupted('the cleaning was called off');
    this.#turnStartMs = this.#clock.monotonicMs();
  }
}
