import type { Timer } from '../ports/clock.ts';
import type { TimerWheel } from './timer-wheel.ts';

/** A request that waits for something to happen to one of several partitions. */
export interface Waiter<K> {
  /** What it is woken by; without duplicates. */
  readonly keys: readonly K[];
  /** Something happened to `key`: true when that completes the request. The purgatory has then let go of it. */
  isDoneAfter(key: K): boolean;
  /** Called exactly once, when the wait is over: complete, out of time, or ended by the purgatory's owner. */
  finish(): void;
}

interface Parked<K> {
  readonly waiter: Waiter<K>;
  readonly timer: Timer;
}

/**
 * Parked requests by what they wait for, with a deadline each. A wake costs those interested in its key only. Bounded: what is parked
 * beyond `parkedMax` is finished at once.
 */
export class Purgatory<K> {
  readonly #wheel: TimerWheel;
  readonly #parkedMax: number;
  readonly #byKey = new Map<K, Set<Waiter<K>>>();
  readonly #parked = new Map<Waiter<K>, Parked<K>>();

  constructor(wheel: TimerWheel, parkedMax: number) {
    this.#wheel = wheel;
    this.#parkedMax = parkedMax;
  }

  /** Requests waiting. */
  get size(): number {
    return this.#parked.size;
  }

  /** Keeps `waiter` until a wake completes it or the clock's monotonic time reaches `deadlineMs`. */
  park(waiter: Waiter<K>, deadlineMs: number): void {
    if (this.#parked.size >= this.#parkedMax) {
      waiter.finish();
      return;
    }
    const timer = this.#wheel.schedule(deadlineMs, () => this.finish(waiter));
    this.#parked.set(waiter, { waiter, timer });
    for (const key of waiter.keys) this.#watchersOf(key).add(waiter);
  }

  /** Tells those waiting for `key` that something happened to it. */
  wake(key: K): void {
    const watchers = this.#byKey.get(key);
    if (watchers === undefined) return;
    // Finishing one may park another for the same key; that one has seen the news already.
    for (const waiter of [...watchers]) {
      if (this.#parked.has(waiter) && waiter.isDoneAfter(key)) this.finish(waiter);
    }
  }

  /** Ends a wait from outside. Harmless where it is over. */
  finish(waiter: Waiter<K>): void {
    if (this.#forget(waiter)) waiter.finish();
  }

  #watchersOf(key: K): Set<Waiter<K>> {
    let watchers = this.#byKey.get(key);
    if (watchers === undefined) {
      watchers = new Set();
      this.#byKey.set(key, watchers);
    }
    return watchers;
  }

  #forget(waiter: Waiter<K>): boolean {
    const parked = this.#parked.get(waiter);
    if (parked === undefined) return false;
    this.#parked.delete(waiter);
    parked.timer.cancel();
    for (const key of waiter.keys) {
      const watchers = this.#byKey.get(key);
      watchers?.delete(waiter);
      if (watchers?.size === 0) this.#byKey.delete(key);
    }
    return true;
  }
}
