/** What waits for an offset: one partition of an append. */
export interface OffsetWaiter {
  /** Whether it was answered another way (timed out) and may be forgotten. */
  readonly isSettled: boolean;
  /** Ends the wait, with a Kafka error code or 0. */
  settle(errorCode: number): void;
}

interface Entry {
  readonly endOffset: number;
  readonly waiter: OffsetWaiter;
}

/** Abandoned entries are swept when they are this many and the larger half. */
const SWEEP_FROM = 64;

/** What waits until a partition's end reaches an offset, in offset order: an advance costs only those it releases. */
export class OffsetWaiters {
  #entries: Entry[] = [];
  #head = 0;
  #abandoned = 0;

  get size(): number {
    return this.#entries.length - this.#head;
  }

  /** `endOffset` is exclusive: the waiter is released once `reach` is given at least that. A repetition waits for less than those that came before it. */
  add(endOffset: number, waiter: OffsetWaiter): void {
    const entries = this.#entries;
    let at = entries.length;
    while (at > this.#head && (entries[at - 1] as Entry).endOffset > endOffset) at -= 1;
    if (at === entries.length) entries.push({ endOffset, waiter });
    else entries.splice(at, 0, { endOffset, waiter });
  }

  /** Releases all that waited for `endOffset` or less. */
  reach(endOffset: number): void {
    const entries = this.#entries;
    let head = this.#head;
    for (let entry = entries[head]; entry !== undefined && entry.endOffset <= endOffset; entry = entries[head]) {
      head++;
      this.#head = head;
      if (!entry.waiter.isSettled) entry.waiter.settle(0);
    }
    this.#trim();
  }

  /** Ends every wait with an error. */
  failAll(errorCode: number): void {
    const entries = this.#entries.slice(this.#head);
    this.#entries = [];
    this.#head = 0;
    this.#abandoned = 0;
    for (const { waiter } of entries) if (!waiter.isSettled) waiter.settle(errorCode);
  }

  /** A waiter was settled from elsewhere; its entry goes with the next sweep. */
  abandon(): void {
    this.#abandoned++;
    if (this.#abandoned < SWEEP_FROM || this.#abandoned * 2 < this.size) return;
    this.#entries = this.#entries.slice(this.#head).filter((entry) => !entry.waiter.isSettled);
    this.#head = 0;
    this.#abandoned = 0;
  }

  #trim(): void {
    if (this.#head === this.#entries.length) {
      this.#entries.length = 0;
      this.#head = 0;
      this.#abandoned = 0;
    } else if (this.#head > 1024 && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
  }
}
