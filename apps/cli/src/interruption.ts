import { constants } from 'node:os';
import process from 'node:process';

const signals = ['SIGINT', 'SIGTERM'] as const;

/** Listens for ctrl-c and kill, so that a command can end in order. A second signal ends the process at once. */
export class Interruption implements Disposable {
  readonly #controller = new AbortController();
  #received: (typeof signals)[number] | undefined;
  readonly #interrupt = (name: (typeof signals)[number]): void => {
    this[Symbol.dispose]();
    this.#received = name;
    this.#controller.abort();
  };

  constructor() {
    for (const name of signals) process.on(name, this.#interrupt);
  }

  /** Fires when a signal came. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** 130 for SIGINT, 143 for SIGTERM; undefined while none came. */
  get exitCode(): number | undefined {
    return this.#received === undefined ? undefined : 128 + constants.signals[this.#received];
  }

  [Symbol.dispose](): void {
    for (const name of signals) process.off(name, this.#interrupt);
  }
}
