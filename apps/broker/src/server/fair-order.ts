/**
 * Who comes first where not all can: fair queueing over bytes. A connection's request has the place where its last one had it, or how far
 * everybody has come, whichever is later, and its own size further on. So who asks for little comes before who asks for much, and nobody waits
 * for more of anybody else than it asked for itself, give or take a request.
 */
export class FairOrder {
  /** How many bytes each of those that are being served has been given, evenly: where newcomers begin. */
  #servedPlace = 0;
  /** Connections of which a part of a request is here. */
  #servedCount = 0;

  /** The least place of those that wait; infinite where nobody does. */
  readonly #leastWaiting: () => number;

  constructor(leastWaiting: () => number) {
    this.#leastWaiting = leastWaiting;
  }

  /** Where a connection begins to wait whose last request had the place `lastPlace`. */
  startAfter(lastPlace: number): number {
    return Math.max(this.#servedPlace, lastPlace);
  }

  /** A part of a request of one more connection is here, or, by -1, of one less. */
  countServed(change: 1 | -1): void {
    this.#servedCount += change;
  }

  /**
   * A request of `sizeBytes` at `place` was served, to one of many: had all their bytes counted, a newcomer would begin behind those that
   * have had nothing yet. Nor is it put behind those that wait, whatever was served before their turn.
   */
  served(place: number, sizeBytes: number): void {
    const evenly = this.#servedPlace + sizeBytes / Math.max(1, this.#servedCount);
    this.#servedPlace = Math.max(this.#servedPlace, Math.min(evenly, place, this.#leastWaiting()));
  }

  /** Whether anybody waits: what is served to others meanwhile counts. */
  get isContended(): boolean {
    return this.#leastWaiting() < Number.POSITIVE_INFINITY;
  }
}
