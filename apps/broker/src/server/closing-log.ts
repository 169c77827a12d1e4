import type { LogFields, Logger } from '../ports/logger.ts';

/** Lines about single connections that are written between two calls of `tick`. */
const LINES_MAX = 20;
/** Reasons told apart among those beyond; the rest are one. */
const REASONS_MAX = 10;
const otherReasons = 'other reasons';

/**
 * Lines about connections that were closed. Clients that come again and again with nonsense must not fill the disk: beyond 20 between two
 * ticks they are counted by reason, and the next tick writes one line for all of them.
 */
export class ClosingLog {
  readonly #logger: Logger;
  #lines = 0;
  #more = new Map<string, number>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** A connection was closed for `reason`; `isError`: by the broker's own fault. */
  closed(fields: LogFields, reason: string, isError: boolean): void {
    this.#lines += 1;
    if (this.#lines <= LINES_MAX) {
      this.#logger[isError ? 'error' : 'info']({ ...fields, reason }, 'Closed a connection');
      return;
    }
    const kind = this.#more.has(reason) || this.#more.size < REASONS_MAX ? reason : otherReasons;
    this.#more.set(kind, (this.#more.get(kind) ?? 0) + 1);
  }

  /** Called once a second or so. */
  tick(): void {
    if (this.#more.size > 0) {
      const count = [...this.#more.values()].reduce((sum, each) => sum + each, 0);
      this.#logger.warn({ count, reasons: Object.fromEntries(this.#more) }, 'Closed more connections');
    }
    this.#lines = 0;
    this.#more = new Map();
  }
}
