/** Memory that its holder gives back. */
export interface HeldMemory {
  readonly bytes: Uint8Array;
  release(): void;
}

/** Where request bytes land: the core's memory, so that checksums are taken in place, or the ordinary heap when that is used up. */
export interface MemorySource {
  /** Undefined where there is none left. */
  reserve(sizeBytes: number): HeldMemory | undefined;
}

/** A connection that may have to wait for memory. */
export interface MemoryWaiter {
  /** Its place among those that wait: the least comes first. */
  readonly place: number;
  /** It is the first, and memory was given back: it shall ask again, or be forgotten. */
  memoryFreed(): void;
  /** It was given memory beyond the bound, which nobody else gets meanwhile: its place is before those who come from now on. */
  comesFirst(): void;
}

/** Memory from the ordinary heap, which always has some. */
export function heapMemory(sizeBytes: number): HeldMemory {
  return { bytes: new Uint8Array(sizeBytes), release: () => undefined };
}

/**
 * The memory of all requests that have not been handled yet, bounded by `queued.max.request.bytes`. Whoever is refused waits
 * in `whenFree` and does not read its socket meanwhile; nobody is given any while another waits whose place is before its own. One request
 * at a time may pass the bound, so that requests that are all half there cannot wait for each other for ever.
 */
export class RequestMemory {
  readonly #source: MemorySource;
  readonly #limitBytes: number;
  #usedBytes = 0;
  #overdraft: HeldMemory | undefined;
  readonly #waiters = new Set<MemoryWaiter>();

  constructor(source: MemorySource, limitBytes: number) {
    this.#source = source;
    this.#limitBytes = limitBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Whether connections wait for memory. */
  get isExhausted(): boolean {
    return this.#waiters.size > 0;
  }

  /** Whether memory comes to its end: nobody should take in more than it must. */
  get isScarce(): boolean {
    return this.#waiters.size > 0 || this.#usedBytes >= this.#limitBytes / 2;
  }

  /**
   * Memory for a request of `waiter`, or undefined when the bound is reached or others come first. `replacing` is what the request holds
   * already and gives back next.
   */
  reserve(sizeBytes: number, waiter: MemoryWaiter, replacing?: HeldMemory): HeldMemory | undefined {
    const hasOverdraft = this.#overdraft !== undefined && this.#overdraft === replacing;
    if (!hasOverdraft && this.#first(waiter) !== waiter) return undefined;
    const isWithin = this.#usedBytes + sizeBytes <= this.#limitBytes;
    if (!isWithin && this.#overdraft !== undefined && !hasOverdraft) return undefined;
    const memory = this.take(sizeBytes);
    if (!isWithin) {
      this.#overdraft = memory;
      waiter.comesFirst();
    }
    // There may be some left for the next.
    this.forget(waiter);
    return memory;
  }

  /** Memory whatever the bound says: for bytes that have arrived already and must be put somewhere. */
  take(sizeBytes: number): HeldMemory {
    const memory = this.#source.reserve(sizeBytes) ?? heapMemory(sizeBytes);
    this.#usedBytes += sizeBytes;
    let isHeld = true;
    const held: HeldMemory = {
      bytes: memory.bytes,
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        this.#usedBytes -= sizeBytes;
        if (this.#overdraft === held) this.#overdraft = undefined;
        memory.release();
        this.#wake();
      },
    };
    return held;
  }

  /** Tells `waiter` when it is the first of those that wait and memory was given back, until it got some or is forgotten. */
  whenFree(waiter: MemoryWaiter): void {
    this.#waiters.add(waiter);
  }

  forget(waiter: MemoryWaiter): void {
    if (this.#waiters.delete(waiter)) this.#wake();
  }

  /** The place of the first that waits; infinite where nobody does. */
  get firstPlace(): number {
    return this.#first()?.place ?? Number.POSITIVE_INFINITY;
  }

  #wake(): void {
    this.#first()?.memoryFreed();
  }

  /** The first of those that wait and `candidate`; of equals, who has waited longer. */
  #first(candidate?: MemoryWaiter): MemoryWaiter | undefined {
    let first: MemoryWaiter | undefined;
    for (const waiter of this.#waiters) if (first === undefined || waiter.place < first.place) first = waiter;
    if (candidate === undefined) return first;
    return first === undefined || candidate.place < first.place ? candidate : first;
  }
}
