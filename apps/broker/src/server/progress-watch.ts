/** What must move within a time for a connection to count as going on. */
const PROGRESS_BYTES = 65_536;

/**
 * Whether a connection that holds what others wait for goes on: a byte now and then is not enough. It is looked at from time to time and
 * judges by what moved over a whole window, so that it needs no clock and no timer of its own.
 */
export class ProgressWatch {
  /** Where the window began; undefined while nothing is held. */
  #from: { readonly atMs: number; readonly bytes: number } | undefined;

  /** `movedBytes`: all that ever moved. True where less than 64 KB did within `windowMs`, while something was held all along. */
  isStalled(isHolding: boolean, movedBytes: number, nowMs: number, windowMs: number): boolean {
    const from = this.#from;
    if (!isHolding || from === undefined || movedBytes - from.bytes >= PROGRESS_BYTES) {
      this.#from = isHolding ? { atMs: nowMs, bytes: movedBytes } : undefined;
      return false;
    }
    return nowMs - from.atMs >= windowMs;
  }
}
