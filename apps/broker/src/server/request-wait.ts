import type { FairOrder } from './fair-order.ts';
import type { MemoryWaiter, RequestMemory } from './request-memory.ts';

/** What a connection's next request waits for, and its place among those of others. */
export class RequestWait implements MemoryWaiter {
  readonly #order: FairOrder;
  readonly #memory: RequestMemory;
  readonly #goOn: () => void;
  readonly #sizeBytes: () => number;
  /** The last request's. */
  #lastPlace = 0;
  #wasServed = false;
  /** Where the next began to wait, and its size as far as it was known; kept while it waits, so that all others come behind it in the end. */
  #next: { readonly start: number; readonly place: number } | undefined;
  #isHolding = false;
  /** There is no memory for the rest of it. */
  #isStarved = false;
  /** When it found none first. */
  #starvedAtMs: number | undefined;

  /** `sizeBytes`: the size of the request that comes in, 0 where it is not known. */
  constructor(parts: { order: FairOrder; memory: RequestMemory; goOn: () => void; sizeBytes: () => number }) {
    this.#order = parts.order;
    this.#memory = parts.memory;
    this.#goOn = parts.goOn;
    this.#sizeBytes = parts.sizeBytes;
  }

  get place(): number {
    if (this.#next !== undefined) return this.#next.place;
    const start = this.#order.startAfter(this.#lastPlace);
    const sizeBytes = this.#sizeBytes();
    // Who could be anything is not given a place for good: it would be that of a request of nothing.
    if (sizeBytes > 0) this.#next = { start, place: start + sizeBytes };
    return start + sizeBytes;
  }

  /** Whether there is no memory for the rest of it; the log may be full then, it is not to be handled yet. */
  get isStarved(): boolean {
    return this.#isStarved;
  }

  /** Whether any request of its connection was handled yet. */
  get wasServed(): boolean {
    return this.#wasServed;
  }

  /** Since when it has lacked memory; undefined where it does not wait for any. */
  get starvedSinceMs(): number | undefined {
    return this.#isStarved ? this.#starvedAtMs : undefined;
  }

  memoryFreed(): void {
    this.#goOn();
  }

  comesFirst(): void {
    const { place } = this;
    this.#next = { start: this.#next?.start ?? place, place: Math.min(place, this.#order.startAfter(0)) };
  }

  /** There is no memory for it. */
  starve(nowMs: number): void {
    this.#isStarved = true;
    this.#starvedAtMs ??= nowMs;
    this.#memory.whenFree(this);
  }

  /** It goes on. */
  goesOn(): void {
    this.#isStarved = false;
  }

  /** It was handled: the next begins. */
  served(sizeBytes: number): void {
    this.#starvedAtMs = undefined;
    this.#wasServed = true;
    const start = this.#next?.start ?? this.#order.startAfter(this.#lastPlace);
    this.#next = undefined;
    // What is had while there is enough for all is nobody's loss: whoever comes when it runs out begins where all do.
    if (!this.#order.isContended) return;
    this.#lastPlace = start + sizeBytes;
    this.#order.served(this.#lastPlace, sizeBytes);
  }

  /** Whether a part of a request is here. */
  holds(isHolding: boolean): void {
    if (isHolding === this.#isHolding) return;
    this.#isHolding = isHolding;
    this.#order.countServed(isHolding ? 1 : -1);
  }

  /** It could not use memory if there were any, and must not keep it from those behind. */
  stepAside(): void {
    this.#memory.forget(this);
  }
}
