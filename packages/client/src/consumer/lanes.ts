import { type Deferred, deferred } from '../deferred.ts';

/** What is done in a lane; it never rejects. */
export type Task = () => Promise<void>;

interface Lane {
  readonly waiting: Task[];
}

/** Runs tasks side by side, so many at a time, and those of one lane one after the other. */
export class Lanes {
  readonly #concurrency: number;
  readonly #lanes = new Map<string, Lane>();
  /** Lanes whose first task may start as soon as there is room. */
  readonly #ready: { readonly key: string | undefined; readonly task: Task }[] = [];
  #head = 0;
  #running = 0;
  #waiting = 0;
  #changed: Deferred<void> | undefined;

  constructor(concurrency: number) {
    this.#concurrency = concurrency;
  }

  /** Tasks that were added and have not ended. */
  get pending(): number {
    return this.#running + this.#waiting;
  }

  /** Adds a task to a lane; undefined: one of its own. */
  add(key: string | undefined, task: Task): void {
    this.#waiting += 1;
    const lane = key === undefined ? undefined : this.#lanes.get(key);
    if (lane !== undefined) {
      lane.waiting.push(task);
      return;
    }
    if (key !== undefined) this.#lanes.set(key, { waiting: [] });
    this.#ready.push({ key, task });
    this.#start();
  }

  /** Settles when a task has ended, or `wake` was called. */
  change(): Promise<void> {
    this.#changed ??= deferred();
    return this.#changed.promise;
  }

  wake(): void {
    this.#changed?.resolve();
    this.#changed = undefined;
  }

  #start(): void {
    while (this.#running < this.#concurrency) {
      const next = this.#ready[this.#head];
      if (next === undefined) break;
      this.#head += 1;
      this.#running += 1;
      this.#waiting -= 1;
      void next.task().then(() => this.#ended(next.key));
    }
    if (this.#head === this.#ready.length || this.#head > 1024) {
      this.#ready.splice(0, this.#head);
      this.#head = 0;
    }
  }

  #ended(key: string | undefined): void {
    this.#running -= 1;
    const task = key === undefined ? undefined : this.#lanes.get(key)?.waiting.shift();
    if (key !== undefined && task === undefined) this.#lanes.delete(key);
    if (task !== undefined) this.#ready.push({ key, task });
    this.#start();
    this.wake();
  }
}
