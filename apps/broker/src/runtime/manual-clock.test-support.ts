import type { Clock, Instant, Timer } from '../ports/clock.ts';

/** A clock that moves only when told, and counts the timers it has been asked for. */
export class ManualClock implements Clock {
  armed = 0;
  #nowMs: number;
  #timers: { readonly atMs: number; readonly callback: () => void }[] = [];

  constructor(startMs = 0) {
    this.#nowMs = startMs;
  }
  monotonicMs(): number {
    return this.#nowMs;
  }
  wallMs(): number {
    return this.#nowMs;
  }
  now(): Instant {
    return { monotonicMs: this.#nowMs, wallMs: this.#nowMs };
  }
  nextTurn(callback: () => void): void {
    this.setTimer(0, callback);
  }
  setTimer(delayMs: number, callback: () => void): Timer {
    this.armed++;
    const timer = { atMs: this.#nowMs + delayMs, callback };
    this.#timers.push(timer);
    const cancel = (): void => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
    return { cancel };
  }
  get pending(): number {
    return this.#timers.length;
  }
  /** Runs what is due in order; each timer sees its own time. */
  advanceTo(nowMs: number): void {
    for (;;) {
      const due = this.#timers.filter((timer) => timer.atMs <= nowMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== due);
      this.#nowMs = Math.max(this.#nowMs, due.atMs);
      due.callback();
    }
    this.#nowMs = nowMs;
  }
}
