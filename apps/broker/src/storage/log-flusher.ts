export interface LogFlusherHost {
  readonly logEndOffset: number;
  /** Syncs everything that was written so far; says up to which offset. */
  syncWritten(): Promise<number>;
  /** `flushedEndOffset` moved. */
  flushed(): void;
  failed(error: Error): void;
}

interface Waiter {
  readonly offset: number;
  resolve(): void;
}

/**
 * Group commit that clocks itself: one sync at a time; whoever asks meanwhile is served by the next, which starts as soon as the
 * one before has ended. No timer delays anything.
 */
export class LogFlusher {
  readonly #host: LogFlusherHost;
  #flushedEndOffset: number;
  #wantedOffset: number;
  #isRunning = false;
  #isStopped = false;
  #waiters: Waiter[] = [];

  constructor(host: LogFlusherHost, flushedEndOffset: number) {
    this.#host = host;
    this.#flushedEndOffset = flushedEndOffset;
    this.#wantedOffset = flushedEndOffset;
  }

  get flushedEndOffset(): number {
    return this.#flushedEndOffset;
  }

  /** Asks for everything below `offset` to be synced, as soon as it is written. */
  request(offset: number): void {
    if (offset > this.#wantedOffset) this.#wantedOffset = offset;
    this.written();
  }

  /** More was written: a request may be servable now. */
  written(): void {
    if (!this.#isRunning && this.#isDue()) void this.#run();
  }

  /** Settles when `offset` is flushed, or never will be. */
  reached(offset: number): Promise<void> {
    if (this.#flushedEndOffset >= offset || this.#isStopped) return Promise.resolve();
    this.request(offset);
    return new Promise((resolve) => {
      this.#waiters.push({ offset, resolve });
    });
  }

  /** Settles when no sync is under way. */
  async idle(): Promise<void> {
    while (this.#isRunning) {
      await new Promise<void>((resolve) => {
        this.#waiters.push({ offset: -1, resolve });
      });
    }
  }

  /** The log was cut at `offset`. */
  truncateTo(offset: number): void {
    this.#flushedEndOffset = Math.min(this.#flushedEndOffset, offset);
    this.#wantedOffset = Math.min(this.#wantedOffset, offset);
  }

  /** The log starts anew at `offset`. */
  restartAt(offset: number): void {
    this.#flushedEndOffset = offset;
    this.#wantedOffset = offset;
  }

  /** Starts no further sync and lets everyone go. */
  stop(): void {
    this.#isStopped = true;
    this.#wake();
  }

  #isDue(): boolean {
    const { logEndOffset } = this.#host;
    return !this.#isStopped && this.#wantedOffset > this.#flushedEndOffset && logEndOffset > this.#flushedEndOffset;
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    try {
      while (this.#isDue()) {
        this.#flushedEndOffset = Math.max(this.#flushedEndOffset, await this.#host.syncWritten());
        this.#host.flushed();
        this.#wake();
      }
    } catch (error) {
      this.#isStopped = true;
      this.#host.failed(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.#isRunning = false;
      this.#wake();
    }
  }

  #wake(): void {
    const all = this.#waiters;
    this.#waiters = [];
    for (const waiter of all) {
      const isDone =
        this.#isStopped || (waiter.offset < 0 ? !this.#isRunning : waiter.offset <= this.#flushedEndOffset);
      if (isDone) waiter.resolve();
      else this.#waiters.push(waiter);
    }
  }
}
