import type { Clock, Timer } from '../ports/clock.ts';
import type { LogConfig } from './log-config.ts';
import type { LogFlusher } from './log-flusher.ts';

export interface LogFlushRulesHost {
  readonly config: LogConfig;
  readonly logEndOffset: number;
}

/** Asks for flushes as flush.messages and flush.ms say. */
export class LogFlushRules {
  readonly #clock: Clock;
  readonly #flusher: LogFlusher;
  readonly #host: LogFlushRulesHost;
  #timer: Timer | undefined;

  constructor(clock: Clock, flusher: LogFlusher, host: LogFlushRulesHost) {
    this.#clock = clock;
    this.#flusher = flusher;
    this.#host = host;
  }

  /** The log's end moved to what was written. */
  written(): void {
    const { flushMessages, flushMs } = this.#host.config;
    const { logEndOffset } = this.#host;
    if (logEndOffset - this.#flusher.flushedEndOffset >= flushMessages) this.#flusher.request(logEndOffset);
    else if (flushMs < Number.MAX_SAFE_INTEGER) this.#flushWithin(flushMs);
    this.#flusher.written();
  }

  /** Asks for nothing more. */
  stop(): void {
    this.#timer?.cancel();
  }

  #flushWithin(flushMs: number): void {
    this.#timer ??= this.#clock.setTimer(flushMs, () => {
      this.#timer = undefined;
      this.#flusher.request(this.#host.logEndOffset);
    });
  }
}
