interface DecidedTransaction {
  readonly firstOffset: number;
  /** Offset of the marker. */
  readonly lastOffset: number;
}

/** The transactions that keep readers of committed records back: open ones, and decided ones whose marker is not committed yet. */
export class OpenTransactions {
  /** First offset by producer id. Transactions begin at ever higher offsets, so the first one in is the oldest. */
  readonly #open = new Map<number, number>();
  /** By ascending marker offset. */
  #decided: DecidedTransaction[] = [];
  /** Lowest first offset among them; Infinity where there is none. */
  #oldestDecided = Number.POSITIVE_INFINITY;

  get firstUnstableOffset(): number | undefined {
    const oldest = Math.min(this.#oldestOpen, this.#oldestDecided);
    return oldest === Number.POSITIVE_INFINITY ? undefined : oldest;
  }

  begin(producerId: number, firstOffset: number): void {
    this.#open.set(producerId, firstOffset);
  }

  /** A marker at `markerOffset` ends the producer's transaction. Gives where what is still open begins, else one past the marker. */
  complete(producerId: number, firstOffset: number, markerOffset: number): number {
    this.#open.delete(producerId);
    this.#decided.push({ firstOffset, lastOffset: markerOffset });
    this.#oldestDecided = Math.min(this.#oldestDecided, firstOffset);
    return Math.min(this.#oldestOpen, markerOffset + 1);
  }

  /** Exclusive: a marker below it is committed. */
  highWatermarkReached(highWatermark: number): void {
    const [first] = this.#decided;
    if (first === undefined || first.lastOffset >= highWatermark) return;
    this.#decided = this.#decided.filter(({ lastOffset }) => lastOffset >= highWatermark);
    this.#oldestDecided = this.#decided.reduce(
      (oldest, { firstOffset }) => Math.min(oldest, firstOffset),
      Number.POSITIVE_INFINITY,
    );
  }

  clear(): void {
    this.#open.clear();
    this.#decided = [];
    this.#oldestDecided = Number.POSITIVE_INFINITY;
  }

  get #oldestOpen(): number {
    for (const firstOffset of this.#open.values()) return firstOffset;
    return Number.POSITIVE_INFINITY;
  }
}
