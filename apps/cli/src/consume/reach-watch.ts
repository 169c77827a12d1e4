import { CliError } from '../errors/cli-error.ts';
import { ExitCode } from '../errors/exit-codes.ts';
import type { BatchPrinter } from './print-batch.ts';

/** How a watch finds out, and whom it tells. */
export interface ReachWatchOptions {
  /** Asks the cluster anything; rejects where nobody answers, at the latest when the signal fires. */
  readonly ask: (signal: AbortSignal) => Promise<unknown>;
  /** Writes a line for the person at the terminal. */
  readonly tell: (line: string) => void;
  /** The cluster, for messages. */
  readonly place: string;
  /** Whether the reading is to come to an end: then it is given up where nobody answers for long. */
  readonly hasEnd: boolean;
  readonly times?: ReachTimes;
}

/** All in milliseconds. */
export interface ReachTimes {
  /** Without a record for so long, the cluster is asked whether it is there. */
  readonly silenceMs: number;
  /** It has so long to answer. */
  readonly answerMs: number;
  /** Without an answer for so long, a reading that has an end is given up. */
  readonly giveUpMs: number;
}

const usualTimes: ReachTimes = { silenceMs: 3_000, answerMs: 3_000, giveUpMs: 30_000 };

/**
 * Looks after a reading that the client keeps trying for ever: a broker that is gone, and one that has nothing new, are silent alike.
 * Says once that nobody answers, once that somebody does again, and ends a reading that was to have an end.
 */
export class ReachWatch implements Disposable {
  readonly #options: ReachWatchOptions;
  readonly #times: ReachTimes;
  readonly #controller = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #hasHeard = false;
  #silentSinceMs: number | undefined;
  #isOver = false;

  constructor(options: ReachWatchOptions) {
    this.#options = options;
    this.#times = options.times ?? usualTimes;
    this.#arm();
  }

  /** Fires when the reading is given up. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The same printer; what it prints counts as a sign of life. */
  listening(printer: BatchPrinter): BatchPrinter {
    return (batch, window) => {
      this.#hasHeard = true;
      if (this.#silentSinceMs !== undefined) this.#answered();
      return printer(batch, window);
    };
  }

  /** Throws where the reading was given up. */
  requireReached(): void {
    if (!this.signal.aborted) return;
    const seconds = this.#times.giveUpMs / 1000;
    throw new CliError(`no broker of ${this.#options.place} answers, for ${seconds} s`, {
      exitCode: ExitCode.UNREACHABLE,
      hint: 'what was printed is not all; without -e ks consume waits until a broker is back',
    });
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  #arm(): void {
    if (this.#isOver || this.signal.aborted) return;
    this.#timer = setTimeout(() => void this.#look(), this.#times.silenceMs);
    // Whoever reads keeps the process alive, not this.
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    if (!this.#hasHeard) {
      try {
        await this.#ask();
        if (this.#silentSinceMs !== undefined) this.#answered();
      } catch {
        this.#unanswered();
      }
    }
    this.#hasHeard = false;
    this.#arm();
  }

  /** However the client takes the signal: who has not answered in time does not answer. */
  #ask(): Promise<unknown> {
    const { promise, reject } = Promise.withResolvers<never>();
    const late = new AbortController();
    const timer = setTimeout(() => {
      late.abort();
      reject(new Error('no answer in time'));
    }, this.#times.answerMs).unref();
    return Promise.race([this.#options.ask(late.signal), promise]).finally(() => clearTimeout(timer));
  }

  #answered(): void {
    this.#silentSinceMs = undefined;
    this.#options.tell(`${this.#options.place} answers again`);
  }

  #unanswered(): void {
    if (this.#isOver || this.#hasHeard) return;
    const nowMs = performance.now();
    if (this.#silentSinceMs === undefined) {
      this.#silentSinceMs = nowMs;
      this.#options.tell(`no broker of ${this.#options.place} answers: still trying`);
    } else if (this.#options.hasEnd && nowMs - this.#silentSinceMs >= this.#times.giveUpMs) this.#controller.abort();
  }
}
