import type { Clock } from '../../src/ports/clock.ts';

interface Entry {
  readonly atMs: number;
  readonly callback: () => void;
}

/** Turns without a timer before time jumps: enough for every promise and in-memory socket to come to rest. */
const IDLE_TURNS = 6;

/**
 * Time that stands still while anything happens and jumps to the next timer when nothing does: a test of an hour's waiting
 * takes no time, and two timers never fire in the wrong order.
 */
export class VirtualClock implements Clock {
  #nowMs = 1_000;
  #entries: Entry[] = [];
  #isRunning = false;
  #idleTurns = 0;

  /** Something happens: time stands still. */
  readonly touch = (): void => {
    this.#idleTurns = 0;
  };

  monotonicMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return 1_700_000_000_000 + this.#nowMs;
  }

  setTimer(delayMs: number, callback: () => void): { cancel(): void } {
    const entry = { atMs: this.#nowMs + Math.max(0, delayMs), callback };
    this.#entries.push(entry);
    this.touch();
    this.#run();
    return {
      cancel: () => {
        this.#entries = this.#entries.filter((other) => other !== entry);
      },
    };
  }

  nextTurn(callback: () => void): void {
    this.touch();
    setImmediate(callback);
  }

  /** How many timers are pending. */
  get pending(): number {
    return this.#entries.length;
  }

  #run(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    void this.#jumps();
  }

  async #jumps(): Promise<void> {
    while (this.#entries.length > 0) {
      for (this.touch(); this.#idleTurns < IDLE_TURNS; this.#idleTurns += 1) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      const next = this.#entries.toSorted((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.#entries = this.#entries.filter((entry) => entry !== next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.callback();
    }
    this.#isRunning = false;
  }
}
