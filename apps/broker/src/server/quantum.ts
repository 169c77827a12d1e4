/** Requests that a connection may have handled before others get their turn. */
const REQUESTS = 16;
/** The same in time, for requests that take long: whoever has used it up ends with the request that did. */
const TIME_MS = 0.5;

/** What one connection may do in one go. */
export class Quantum {
  readonly #monotonicMs: () => number;
  #requests = 0;
  #untilMs = 0;

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  get isUsedUp(): boolean {
    return this.#requests === 0;
  }

  /** The connection's turn begins. */
  begin(): void {
    this.#requests = REQUESTS;
    this.#untilMs = this.#monotonicMs() + TIME_MS;
  }

  /** A request was handled. */
  use(): void {
    this.#requests = this.#requests > 0 && this.#monotonicMs() < this.#untilMs ? this.#requests - 1 : 0;
  }
}
