/** A pending callback. Cancelling one that has run is harmless. */
export interface Timer {
  cancel(): void;
}

/** The only source of time. */
export interface Clock {
  /** Milliseconds since an arbitrary start; never goes back. All deadlines use it. */
  monotonicMs(): number;
  /** Milliseconds since the Unix epoch, whole: the timestamps of records. */
  wallMs(): number;
  /** Runs `callback` once, not before `delayMs` have passed. A pending timer keeps the process alive. */
  setTimer(delayMs: number, callback: () => void): Timer;
  /** Runs `callback` after the events of the current loop turn: where the work of one turn is grouped. */
  nextTurn(callback: () => void): void;
}
