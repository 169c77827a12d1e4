import type { Clock, Instant, Timer } from '../src/ports/clock.ts';
import type { Random } from '../src/ports/random.ts';

interface Pending {
  readonly atMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/** Virtual time for tests: stands still until `run` moves it from timer to timer. */
export class VirtualClock implements Clock {
  #nowMs = 1;
  #order = 0;
  readonly #pending = new Set<Pending>();

  monotonicMs(): number {
    return this.#nowMs;
  }
  wallMs(): number {
    return 1_700_000_000_000 + Math.floor(this.#nowMs);
  }
  now(): Instant {
    return { monotonicMs: this.monotonicMs(), wallMs: this.wallMs() };
  }
  setTimer(delayMs: number, callback: () => void): Timer {
    const pending = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, callback };
    this.#pending.add(pending);
    return { cancel: () => void this.#pending.delete(pending) };
  }
  nextTurn(callback: () => void): void {
    this.setTimer(0, callback);
  }

  /** Runs until `isDone`, letting every promise settle between two timers. Throws when nothing is left to wait for. */
  async run(isDone: () => boolean, maxMs = 600_000): Promise<void> {
    const endMs = this.#nowMs + maxMs;
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (isDone()) return;
      const next = this.#next();
      if (next === undefined) throw new Error('nothing is left that could happen');
      if (next.atMs > endMs) throw new Error(`not done after ${maxMs} ms of virtual time`);
      this.#pending.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.callback();
    }
  }

  /** Runs until the promise has settled; gives its value or throws its error. */
  async settle<T>(promise: Promise<T>, maxMs?: number): Promise<T> {
    let isSettled = false;
    const end = () => {
      isSettled = true;
    };
    promise.then(end, end);
    await this.run(() => isSettled, maxMs);
    return promise;
  }

  /** Lets `durationMs` pass. */
  async pass(durationMs: number): Promise<void> {
    let isOver = false;
    this.setTimer(durationMs, () => {
      isOver = true;
    });
    await this.run(() => isOver);
  }

  #next(): Pending | undefined {
    let best: Pending | undefined;
    for (const each of this.#pending) {
      if (best === undefined || each.atMs < best.atMs || (each.atMs === best.atMs && each.order < best.order))
        best = each;
    }
    return best;
  }
}

/** Chance from a seed, for tests. */
export function seededRandom(seed: number): Random {
  let state = (seed ^ 0x9e3779b9) >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const bytes = (length: number) => Uint8Array.from({ length }, () => next() & 0xff);
  const uuid = () => `A${Buffer.from(bytes(16)).toString('base64url').slice(1)}`;
  return { int: (bound) => next() % bound, bytes, uuid };
}
