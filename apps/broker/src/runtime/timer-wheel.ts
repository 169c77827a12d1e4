import type { Clock, Timer } from '../ports/clock.ts';

const SLOTS = 256;
const LEVELS = 3;
const HORIZON_TICKS = SLOTS ** LEVELS;

interface Entry {
  readonly tick: number;
  readonly callback: () => void;
  slot: number;
  previous: Entry | undefined;
  next: Entry | undefined;
}

/**
 * Many deadlines over one timer of the clock: a hierarchical wheel of 3 levels with 256 slots and ticks of 1 ms. Adding and
 * cancelling cost the same however many wait, and with nothing waiting there is no timer at all. A callback never runs early.
 */
export class TimerWheel {
  readonly #clock: Clock;
  /** Heads of the slots' lists, level by level. */
  readonly #slots: (Entry | undefined)[] = new Array<Entry | undefined>(SLOTS * LEVELS).fill(undefined);
  /** Every tick up to and including this one has been served. */
  #currentTick = 0;
  #size = 0;
  #armedTick = Number.POSITIVE_INFINITY;
  #armed: Timer | undefined;
  #advancing = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Deadlines waiting. */
  get size(): number {
    return this.#size;
  }

  /** Runs `callback` once when the clock's monotonic time has reached `deadlineMs`, in a later turn even where that has passed. */
  schedule(deadlineMs: number, callback: () => void): Timer {
    if (this.#size === 0 && !this.#advancing) this.#currentTick = Math.floor(this.#clock.monotonicMs());
    const tick = Math.max(Math.ceil(deadlineMs), this.#currentTick + 1);
    const entry: Entry = { tick, callback, slot: -1, previous: undefined, next: undefined };
    this.#size++;
    const dueTick = this.#place(entry);
    if (!this.#advancing && dueTick < this.#armedTick) this.#arm(dueTick);
    return { cancel: () => this.#cancel(entry) };
  }

  /** Puts the entry into its slot; returns the tick at which that slot is looked at. */
  #place(entry: Entry): number {
    const distance = entry.tick - this.#currentTick;
    if (distance < SLOTS) {
      this.#link(entry, entry.tick % SLOTS);
      return entry.tick;
    }
    const level = distance < SLOTS ** 2 ? 1 : 2;
    // A deadline beyond the horizon goes as far as the wheel reaches and is placed again from there.
    const tick = Math.min(entry.tick, this.#currentTick + HORIZON_TICKS - 1);
    const span = SLOTS ** level;
    this.#link(entry, level * SLOTS + (Math.floor(tick / span) % SLOTS));
    return Math.floor(tick / span) * span;
  }

  #link(entry: Entry, slot: number): void {
    const head = this.#slots[slot];
    entry.slot = slot;
    entry.previous = undefined;
    entry.next = head;
    if (head !== undefined) head.previous = entry;
    this.#slots[slot] = entry;
  }

  #cancel(entry: Entry): void {
    if (entry.slot < 0) return;
    this.#unlink(entry);
    this.#size--;
  }

  #unlink(entry: Entry): void {
    if (entry.previous === undefined) this.#slots[entry.slot] = entry.next;
    else entry.previous.next = entry.next;
    if (entry.next !== undefined) entry.next.previous = entry.previous;
    entry.slot = -1;
  }

  #arm(tick: number): void {
    this.#armed?.cancel();
    this.#armedTick = tick;
    this.#armed = this.#clock.setTimer(Math.max(0, tick - this.#clock.monotonicMs()), () => this.#advance());
  }

  #advance(): void {
    this.#armed = undefined;
    this.#armedTick = Number.POSITIVE_INFINITY;
    this.#advancing = true;
    const nowTick = Math.floor(this.#clock.monotonicMs());
    for (let tick = this.#nextTick(); tick <= nowTick; tick = this.#nextTick()) this.#serve(tick);
    this.#advancing = false;
    // Without entries the next `schedule` takes the clock's time.
    if (this.#size > 0) {
      this.#currentTick = Math.max(this.#currentTick, nowTick);
      this.#arm(this.#nextTick());
    }
  }

  /** The first tick after the current one at which a slot with entries is to be expired or spread; infinity if none. */
  #nextTick(): number {
    if (this.#size === 0) return Number.POSITIVE_INFINITY;
    for (let level = 0; level < LEVELS; level++) {
      const span = SLOTS ** level;
      const from = Math.floor(this.#currentTick / span);
      for (let index = from + 1; index <= from + SLOTS; index++) {
        if (this.#slots[level * SLOTS + (index % SLOTS)] !== undefined) return index * span;
        // An upper level may have something to spread at this border.
        if (index % SLOTS === 0 && this.#hasUpper(level, index)) return index * span;
      }
    }
    throw new Error('timer wheel: entries counted but none found');
  }

  #hasUpper(level: number, index: number): boolean {
    let upperIndex = index;
    for (let upper = level + 1; upper < LEVELS && upperIndex % SLOTS === 0; upper++) {
      upperIndex = Math.floor(upperIndex / SLOTS);
      if (this.#slots[upper * SLOTS + (upperIndex % SLOTS)] !== undefined) return true;
    }
    return false;
  }

  #serve(tick: number): void {
    this.#currentTick = tick;
    for (let level = LEVELS - 1; level > 0; level--) {
      const span = SLOTS ** level;
      if (tick % span === 0) this.#spread(level * SLOTS + (Math.floor(tick / span) % SLOTS));
    }
    this.#expire(tick % SLOTS);
  }

  #spread(slot: number): void {
    let entry = this.#slots[slot];
    this.#slots[slot] = undefined;
    while (entry !== undefined) {
      const { next } = entry;
      this.#place(entry);
      entry = next;
    }
  }

  #expire(slot: number): void {
    // The head is taken anew each time: a callback may cancel its neighbours.
    for (let entry = this.#slots[slot]; entry !== undefined; entry = this.#slots[slot]) {
      this.#unlink(entry);
      this.#size--;
      entry.callback();
    }
  }
}
