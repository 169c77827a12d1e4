/**
 * Joins calls for metadata: at most one load is under way, and all calls that come meanwhile share the next one, which asks
 * for everything that any of them wanted.
 */
export class Refresher {
  readonly #load: (topics: readonly string[]) => Promise<void>;
  #wanted = new Set<string>();
  #current: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(load: (topics: readonly string[]) => Promise<void>) {
    this.#load = load;
  }

  /** Whether a load is under way or about to start. */
  get isBusy(): boolean {
    return this.#current !== undefined || this.#next !== undefined;
  }

  /** Resolves when a load that started after this call, and that asked for `topics`, is done. */
  refresh(topics: readonly string[]): Promise<void> {
    for (const topic of topics) this.#wanted.add(topic);
    this.#next ??= this.#afterCurrent();
    return this.#next;
  }

  async #afterCurrent(): Promise<void> {
    await this.#current?.catch(() => {});
    // One more microtask, so that calls of the same moment join.
    await undefined;
    const topics = [...this.#wanted];
    this.#wanted = new Set();
    this.#next = undefined;
    const current = this.#load(topics);
    this.#current = current;
    try {
      await current;
    } finally {
      if (this.#current === current) this.#current = undefined;
    }
  }
}
