import type { Clock, Instant, Timer } from '../ports/clock.ts';

/** The clock of one process: its timers can be counted, and all stop when the process ends. */
export class LifeClock implements Clock {
  readonly #clock: Clock;
  readonly #pending = new Set<Timer>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Timers that have neither run nor been cancelled. */
  get pendingCount(): number {
    return this.#pending.size;
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }
  wallMs(): number {
    return this.#clock.wallMs();
  }
  now(): Instant {
    return this.#clock.now();
  }
  setTimer(delayMs: number, callback: () => void): Timer {
    if (this.#isOver) return { cancel: () => undefined };
    const inner = this.#clock.setTimer(delayMs, () => {
      this.#pending.delete(timer);
      callback();
    });
    const timer: Timer = {
      cancel: () => {
        this.#pending.delete(timer);
        inner.cancel();
      },
    };
    this.#pending.add(timer);
    return timer;
  }
  nextTurn(callback: () => void): void {
    this.setTimer(0, callback);
  }

  #isOver = false;

  /** The process ends: nothing it asked for runs any more. */
  end(): void {
    this.#isOver = true;
    for (const timer of [...this.#pending]) timer.cancel();
  }
}
