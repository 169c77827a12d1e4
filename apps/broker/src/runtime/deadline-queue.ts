import type { Clock, Timer } from '../ports/clock.ts';

interface Entry {
  readonly key: string;
  readonly atMs: number;
}

/**
 * Named deadlines over one timer of the clock. Moving a deadline further away, as every heartbeat does, costs a map entry: the heap
 * learns of it when the old one comes up.
 */
export class DeadlineQueue {
  readonly #clock: Clock;
  readonly #due: (keys: readonly string[]) => void;
  readonly #deadlines = new Map<string, number>();
  /** A binary heap by time. A key may stand in it with a time that is no longer its own, never later than its own. */
  #heap: Entry[] = [];
  #timer: Timer | undefined;
  #armedMs = Number.POSITIVE_INFINITY;

  /** `due` gets the keys whose time has come, earliest first; they are forgotten by then. */
  constructor(clock: Clock, due: (keys: readonly string[]) => void) {
    this.#clock = clock;
    this.#due = due;
  }

  /** Deadlines that are set. */
  get size(): number {
    return this.#deadlines.size;
  }

  /** Sets the deadline of `key` (monotonic milliseconds) or takes it back. */
  set(key: string, atMs: number | undefined): void {
    if (atMs === undefined) {
      this.#deadlines.delete(key);
      if (this.#heap.length > 64 && this.#heap.length > 2 * this.#deadlines.size) this.#rebuild();
      if (this.#deadlines.size === 0) this.clear();
      return;
    }
    const before = this.#deadlines.get(key);
    this.#deadlines.set(key, atMs);
    if (before !== undefined && before <= atMs) return;
    this.#push({ key, atMs });
    this.#arm();
  }

  clear(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#armedMs = Number.POSITIVE_INFINITY;
    this.#deadlines.clear();
    this.#heap = [];
  }

  #arm(): void {
    const atMs = this.#heap[0]?.atMs;
    if (atMs === undefined || atMs >= this.#armedMs) return;
    this.#timer?.cancel();
    this.#armedMs = atMs;
    this.#timer = this.#clock.setTimer(Math.max(0, atMs - this.#clock.monotonicMs()), () => this.#serve());
  }

  #serve(): void {
    this.#timer = undefined;
    this.#armedMs = Number.POSITIVE_INFINITY;
    const nowMs = this.#clock.monotonicMs();
    const keys: string[] = [];
    for (let top = this.#heap[0]; top !== undefined && top.atMs <= nowMs; top = this.#heap[0]) {
      this.#pop();
      const atMs = this.#deadlines.get(top.key);
      if (atMs === undefined) continue;
      if (atMs <= nowMs) {
        this.#deadlines.delete(top.key);
        keys.push(top.key);
      } else if (atMs !== top.atMs) this.#push({ key: top.key, atMs });
    }
    this.#arm();
    if (keys.length > 0) this.#due(keys);
  }

  #rebuild(): void {
    this.#heap = [];
    for (const [key, atMs] of this.#deadlines) this.#push({ key, atMs });
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above] as Entry;
      if (parent.atMs <= entry.atMs) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      const right = heap[below + 1];
      if (right !== undefined && right.atMs < (heap[below] as Entry).atMs) below++;
      const child = heap[below] as Entry;
      if (child.atMs >= last.atMs) break;
      heap[at] = child;
      at = below;
    }
    heap[at] = last;
  }
}
