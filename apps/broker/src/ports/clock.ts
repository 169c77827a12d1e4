/** A pending callback. Cancelling one that has run is harmless. */
export interface Timer {
  cancel(): void;
}

/** Both times of one instant. Deadlines use `monotonicMs`; record timestamps, retention and expiry use `wallMs`. */
export interface Instant {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** The only source of time. Monotonic and wall time are never mixed. */
export interface Clock {
  /** Milliseconds since an arbitrary start, with fractions; never goes back. */
  monotonicMs(): number;
  /** Milliseconds since the Unix epoch, whole; may jump either way. */
  wallMs(): number;
  /** Both at once. */
  now(): Instant;
  /** Runs `callback` once, not before `delayMs` have passed. A pending timer does not keep the process alive. */
  setTimer(delayMs: number, callback: () => void): Timer;
  /** Runs `callback` after the events of the current loop turn: where work of one turn is grouped. */
  nextTurn(callback: () => void): void;
}
