import { type Deferred, deferred } from '../deferred.ts';

/** Waits for the next word from a group. */
export class Confirmations {
  #waiting: Deferred<void> | undefined;

  /** Settles with the next word. */
  next(): Promise<void> {
    this.#waiting ??= deferred();
    return this.#waiting.promise;
  }

  /** There is word. */
  settle(): void {
    this.#waiting?.resolve();
    this.#waiting = undefined;
  }
}
