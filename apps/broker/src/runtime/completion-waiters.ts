import type { Clock } from '../ports/clock.ts';

/** How long a wait lasts at most. */
const WAIT_MS_MAX = 20;
/** How often somebody whose last transaction is still being marked is tried again before it is told to come back. */
const TRIES_MAX = 5;

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

  /**
   * What `ask` gives, asked again while a transaction before is still being marked: that takes less time than the client's coming back,
   * and some come back only after a third of a second.
   */
  async patiently<T>(transactionalId: string, ask: () => Promise<T>, isConcurrent: (answer: T) => boolean): Promise<T> {
    for (let tries = 1; ; tries++) {
      const answer = await ask();
      if (tries === TRIES_MAX || !isConcurrent(answer)) return answer;
      await this.wait(transactionalId);
    }
  }

  wake(transactionalId: string): void {
    for (const wake of [...(this.#waiting.get(transactionalId) ?? [])]) wake();
  }
}
