import type { Clock, Instant, Timer } from '../ports/clock.ts';

interface SimEvent {
  readonly atMs: number;
  /** Of events at the same time the one asked for first runs first. */
  readonly sequence: number;
  /** Undefined once cancelled. */
  run: (() => void) | undefined;
}

/**
 * Time that passes only by events: each step runs the earliest one and then lets every promise settle. The same calls in the
 * same order give the same run, whatever the real machine does.
 */
export class SimClock implements Clock {
  /** A binary heap by time and sequence. */
  readonly #heap: SimEvent[] = [];
  #nowMs = 0;
  #wallOffsetMs: number;
  #sequence = 0;
  /** Work on real threads; no event runs before it is done. */
  readonly #outside = new Set<Promise<unknown>>();

  /** @param wallStartMs wall time at the start: whole milliseconds since the Unix epoch */
  constructor(wallStartMs = 1_800_000_000_000) {
    this.#wallOffsetMs = wallStartMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }
  wallMs(): number {
    return Math.floor(this.#nowMs) + this.#wallOffsetMs;
  }
  now(): Instant {
    return { monotonicMs: this.monotonicMs(), wallMs: this.wallMs() };
  }
  setTimer(delayMs: number, callback: () => void): Timer {
    const event: SimEvent = { atMs: this.#nowMs + Math.max(0, delayMs), sequence: this.#sequence++, run: callback };
    this.#push(event);
    return {
      cancel: () => {
        event.run = undefined;
      },
    };
  }
  nextTurn(callback: () => void): void {
    this.setTimer(0, callback);
  }

  /** Lets the wall clock jump, as an operator or a time server may do. */
  jumpWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  /** Gives the promise back; time stands still until it has settled. For work that real threads do. */
  outside<T>(work: Promise<T>): Promise<T> {
    const settled = work.catch(() => undefined).then(() => void this.#outside.delete(settled));
    this.#outside.add(settled);
    return work;
  }

  /** Runs the earliest event; false where there is none. */
  async step(): Promise<boolean> {
    const event = this.#next();
    if (event === undefined) return false;
    this.#nowMs = Math.max(this.#nowMs, event.atMs);
    event.run?.();
    await settle();
    while (this.#outside.size > 0) {
      await Promise.all(this.#outside);
      await settle();
    }
    return true;
  }

  /** Runs events until `isDone`; false where they ran out or `steps` were not enough. */
  async runUntil(isDone: () => boolean, steps = 1_000_000): Promise<boolean> {
    await settle();
    for (let count = 0; count < steps; count++) {
      if (isDone()) return true;
      if (!(await this.step())) return isDone();
    }
    return false;
  }

  /** Runs every event up to `durationMs` from now, and moves time there. */
  async advance(durationMs: number): Promise<void> {
    const endMs = this.#nowMs + durationMs;
    await settle();
    for (let next = this.#peek(); next !== undefined && next.atMs <= endMs; next = this.#peek()) await this.step();
    this.#nowMs = endMs;
  }

  #peek(): SimEvent | undefined {
    while (this.#heap[0] !== undefined && this.#heap[0].run === undefined) this.#pop();
    return this.#heap[0];
  }

  #next(): SimEvent | undefined {
    return this.#peek() && this.#pop();
  }

  #push(event: SimEvent): void {
    const heap = this.#heap;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || isBefore(above, event)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): SimEvent | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || last === first) return first;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      const child = right !== undefined && left !== undefined && isBefore(right, left) ? 2 * at + 2 : 2 * at + 1;
      const below = heap[child];
      if (below === undefined || isBefore(last, below)) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: SimEvent, b: SimEvent): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence);
}

/** Every promise that can settle without another event has settled after this. */
function settle(): Promise<void> {
  // biome-ignore lint/style/noRestrictedGlobals: the one step boundary of simulations; no time passes by it.
  return new Promise((resolve) => void setImmediate(resolve));
}
