/**
 * Who comes first where not all can: fair queueing over bytes. A connection's request has the place where its last one had it, or that of the
 * one served last by anybody, whichever is later, and its own size further on. So who asks for little comes before who asks for much, and
 * nobody waits for more of anybody else than it asked for itself, give or take a request.
 */
export class FairOrder {
  /** The greatest place served so far, in bytes. */
  #servedPlace = 0;

  /** The least place of those that wait; infinite where nobody does. */
  readonly #leastWaiting: () => number;

  constructor(leastWaiting: () => number) {
    this.#leastWaiting = leastWaiting;
  }

  /** Where a connection begins to wait whose last request had the place `lastPlace`. */
  startAfter(lastPlace: number): number {
    return Math.max(this.#servedPlace, lastPlace);
  }

  /** The request at `place` was served. Newcomers are not put behind those that wait, whatever was served before their turn. */
  served(place: number): void {
    if (place > this.#servedPlace)
      this.#servedPlace = Math.max(this.#servedPlace, Math.min(place, this.#leastWaiting()));
  }
}
