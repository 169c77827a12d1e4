import type { Clock } from '../ports/clock.ts';

/** Knows whether the reader of a consumer is away with a record, and waits until it comes back for the next. */
export class ReaderGate {
  readonly #clock: Clock;
  #isAway = false;
  #returned: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The reader goes away with a record. */
  leave(): void {
    this.#isAway = true;
  }

  /** It asks for the next: the one before is done. */
  return(): void {
    this.#isAway = false;
    this.#returned?.();
  }

  /** Nobody waits for the reader any more. */
  open(): void {
    this.#returned?.();
  }

  /** Settles when the reader is there and what it did is counted, or when `patienceMs` are over. */
  async back(patienceMs: number): Promise<void> {
    if (this.#isAway) {
      await new Promise<void>((resolve) => {
        const timer = this.#clock.setTimer(patienceMs, resolve);
        this.#returned = () => {
          timer.cancel();
          resolve();
        };
      });
      this.#returned = undefined;
    }
    // The consumer behind counts a record within the turn in which the next is asked for.
    await new Promise<void>((resolve) => this.#clock.nextTurn(resolve));
  }
}
