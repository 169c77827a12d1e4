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

/** Memory from the ordinary heap, which always has some. */
export function heapMemory(sizeBytes: number): HeldMemory {
  return { bytes: new Uint8Array(sizeBytes), release: () => undefined };
}

/**
 * The memory of all requests that have not been handled yet, bounded by `queued.max.request.bytes`. Whoever is refused waits
 * in `whenFree` and does not read its socket meanwhile. One request at a time may pass the bound, so that requests that are
 * all half there cannot wait for each other for ever.
 */
export class RequestMemory {
  readonly #source: MemorySource;
  readonly #limitBytes: number;
  #usedBytes = 0;
  #overdraft: HeldMemory | undefined;
  #waiters = new Set<() => void>();

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

  /** Memory for a request, or undefined when the bound is reached. `replacing` is what the request holds already and gives back next. */
  reserve(sizeBytes: number, replacing?: HeldMemory): HeldMemory | undefined {
    const isWithin = this.#usedBytes + sizeBytes <= this.#limitBytes;
    if (isWithin) return this.take(sizeBytes);
    if (this.#overdraft !== undefined && this.#overdraft !== replacing) return undefined;
    this.#overdraft = this.take(sizeBytes);
    return this.#overdraft;
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

  /** Calls `waiter` once, when memory was given back. */
  whenFree(waiter: () => void): void {
    this.#waiters.add(waiter);
  }

  forget(waiter: () => void): void {
    this.#waiters.delete(waiter);
  }

  #wake(): void {
    if (this.#waiters.size === 0) return;
    // In order of waiting; those who are refused again come back behind the others.
    const waiters = this.#waiters;
    this.#waiters = new Set();
    for (const waiter of waiters) waiter();
  }
}
