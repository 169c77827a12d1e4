import type { Clock } from '../ports/clock.ts';

/** How long a wait lasts at most. */
const WAIT_MS_MAX = 20;

/** Those who wait a moment for a transaction's markers to be written. */
export class CompletionWaiters {
  readonly #clock: Clock;
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Settles at the next `wake` for the id, or after a while. */
  wait(transactionalId: string): Promise<void> {
    const waiting = this.#waiting.get(transactionalId) ?? new Set();
    this.#waiting.set(transactionalId, waiting);
    return new Promise((resolve) => {
      const wake = (): void => {
        timer.cancel();
        waiting.delete(wake);
        if (waiting.size === 0) this.#waiting.delete(transactionalId);
        resolve();
      };
      const timer = this.#clock.setTimer(WAIT_MS_MAX, wake);
      waiting.add(wake);
    });
  }

  wake(transactionalId: string): void {
    for (const wake of [...(this.#waiting.get(transactionalId) ?? [])]) wake();
  }
}
