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

  #isReaderGone = false;
  readonly #readerGone = (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'EPIPE') throw error;
    this.#isReaderGone = true;
    this.#controller.abort();
  };

  constructor() {
    for (const name of signals) process.on(name, this.#interrupt);
  }

  /** Fires when a signal came. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** From now on a reader that goes away (`| head -1`) is a signal too, for commands that have to leave something in order. */
  endWithReader(): void {
    // In place of main's, which ends the process at once.
    process.stdout.removeAllListeners('error').on('error', this.#readerGone);
  }

  /** 130 for SIGINT, 143 for SIGTERM, 0 where the reader went away; undefined while nothing came. */
  get exitCode(): number | undefined {
    if (this.#isReaderGone) return 0;
    return this.#received === undefined ? undefined : 128 + constants.signals[this.#received];
  }

  [Symbol.dispose](): void {
    for (const name of signals) process.off(name, this.#interrupt);
  }
}
