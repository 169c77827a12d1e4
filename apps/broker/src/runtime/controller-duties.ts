import type { Clock, Timer } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import { MetadataStoreError } from '../ports/metadata-store.ts';

/** One thing that the controller has to do, decided from the newest state whenever it is tried. */
export interface Duty {
  /** Two duties of one name are one. */
  readonly name: string;
  /** Lower comes first: elections before all that can wait. */
  readonly rank: number;
  /** False: something had changed meanwhile, so that it is to be tried again from a newer state. */
  attempt(): Promise<boolean>;
}

const CONFLICT_PAUSE_MS = 50;
const UNREACHABLE_PAUSE_MS = 250;

/** Does duties one after the other, the most urgent first, each until it is done: a store that is away holds them up, no more. */
export class DutyQueue {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #due = new Map<string, Duty>();
  #working: Promise<void> | undefined;
  #isStopped = false;
  #pause: { readonly timer: Timer; readonly end: () => void } | undefined;

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Queues the duty, unless it waits already. */
  request(duty: Duty): void {
    if (this.#isStopped || this.#due.has(duty.name)) return;
    this.#due.set(duty.name, duty);
    this.#working ??= this.#work();
  }

  /** Nothing more is begun; settles when nothing is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#due.clear();
    this.#pause?.timer.cancel();
    this.#pause?.end();
    await this.#working;
  }

  async #work(): Promise<void> {
    // Whoever requests has not returned yet: duties of one image are sorted together.
    await Promise.resolve();
    for (let duty = this.#next(); duty !== undefined && !this.#isStopped; duty = this.#next()) {
      this.#due.delete(duty.name);
      const pauseMs = await this.#attempt(duty);
      if (pauseMs === 0 || this.#isStopped) continue;
      if (!this.#due.has(duty.name)) this.#due.set(duty.name, duty);
      await this.#wait(pauseMs);
    }
    this.#working = undefined;
  }

  /** How long to wait before it is tried again; 0: it is done with. */
  async #attempt(duty: Duty): Promise<number> {
    try {
      return (await duty.attempt()) ? 0 : CONFLICT_PAUSE_MS;
    } catch (error) {
      if (this.#isStopped) return 0;
      const mayPass = error instanceof MetadataStoreError && error.kind === 'unavailable';
      if (mayPass) this.#logger.warn({ duty: duty.name, reason: error.message }, 'the controller waits for the store');
      else this.#logger.error({ duty: duty.name, error }, 'the controller could not write the metadata');
      return mayPass ? UNREACHABLE_PAUSE_MS : 0;
    }
  }

  #next(): Duty | undefined {
    let next: Duty | undefined;
    for (const duty of this.#due.values()) if (next === undefined || duty.rank < next.rank) next = duty;
    return next;
  }

  #wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#pause = { timer: this.#clock.setTimer(delayMs, resolve), end: resolve };
    });
  }
}
