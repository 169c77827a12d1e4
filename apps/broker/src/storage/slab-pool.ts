import type { Core } from '@ks/core-wasm';
import { PageAllocator } from './page-allocator.ts';

/** Slabs are runs of pages of this size; they start at multiples of it within the core's memory. */
export const PAGE_BYTES = 4096;

/** What freed slabs are filled with where `poison` is set. */
export const POISON_BYTE = 0xdd;

/** A piece of the core's memory that lives as long as somebody holds it. Its reserver holds it once. */
export interface Extent {
  /** The view, of exactly the size asked for. `bytes.byteOffset` is a multiple of 4096 counted from `core.memory`. */
  readonly bytes: Uint8Array;
  retain(): void;
  /** Ends one hold; the last one gives the memory back. A release too many throws. */
  release(): void;
  /** Gives the whole pages beyond the first `sizeBytes` back and shortens `bytes`. Nobody may hold a view beyond. */
  shrink(sizeBytes: number): void;
}

export interface SlabPoolOptions {
  /** Fill freed memory with 0xDD, so that a use after free shows. For tests. */
  readonly poison?: boolean;
}

/**
 * All of the core's heap, handed out in slabs: partitions' tails, landing buffers of sockets, read buffers. Bounded by the
 * heap's size, which never grows; `reserve` says no when it is used up, and `whenFree` tells when to ask again.
 */
export class SlabPool {
  readonly totalBytes: number;
  readonly #memory: Uint8Array;
  readonly #heapStart: number;
  readonly #pages: PageAllocator;
  readonly #poison: boolean;
  #waiters: (() => void)[] = [];

  constructor(core: Pick<Core, 'memory' | 'heapStart'>, options: SlabPoolOptions = {}) {
    if (core.heapStart % PAGE_BYTES !== 0) throw new RangeError('the heap must start at a page');
    this.#memory = core.memory;
    this.#heapStart = core.heapStart;
    this.#pages = new PageAllocator(Math.floor((core.memory.length - core.heapStart) / PAGE_BYTES));
    this.totalBytes = this.#pages.pageCount * PAGE_BYTES;
    this.#poison = options.poison ?? false;
  }

  get freeBytes(): number {
    return this.#pages.freePages * PAGE_BYTES;
  }

  /** A slab of `sizeBytes` (its pages may hold old bytes), or undefined where no run of free pages is long enough. */
  reserve(sizeBytes: number): Extent | undefined {
    const pageCount = pagesFor(sizeBytes);
    const page = this.#pages.allocate(pageCount);
    if (page < 0) return undefined;
    return new Slab(this, this.#view(page, sizeBytes), page, pageCount);
  }

  /** Calls `callback` once, after the next time that memory was given back. */
  whenFree(callback: () => void): void {
    this.#waiters.push(callback);
  }

  /** For slabs alone. */
  giveBack(page: number, pageCount: number): void {
    if (this.#poison) this.#view(page, pageCount * PAGE_BYTES).fill(POISON_BYTE);
    this.#pages.free(page, pageCount);
    if (this.#waiters.length === 0) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter();
  }

  #view(page: number, sizeBytes: number): Uint8Array {
    const from = this.#heapStart + page * PAGE_BYTES;
    return this.#memory.subarray(from, from + sizeBytes);
  }
}

class Slab implements Extent {
  bytes: Uint8Array;
  readonly #pool: SlabPool;
  readonly #page: number;
  #pageCount: number;
  #holds = 1;

  constructor(pool: SlabPool, bytes: Uint8Array, page: number, pageCount: number) {
    this.#pool = pool;
    this.bytes = bytes;
    this.#page = page;
    this.#pageCount = pageCount;
  }

  retain(): void {
    if (this.#holds === 0) throw new Error('an extent was retained after its last release');
    this.#holds += 1;
  }

  release(): void {
    if (this.#holds === 0) throw new Error('an extent was released once too often');
    this.#holds -= 1;
    if (this.#holds === 0) this.#pool.giveBack(this.#page, this.#pageCount);
  }

  shrink(sizeBytes: number): void {
    if (this.#holds === 0 || sizeBytes > this.bytes.length)
      throw new RangeError('an extent only shrinks, and only while held');
    const keep = pagesFor(sizeBytes);
    this.bytes = this.bytes.subarray(0, sizeBytes);
    const spare = this.#pageCount - keep;
    if (spare === 0) return;
    this.#pageCount = keep;
    this.#pool.giveBack(this.#page + keep, spare);
  }
}

function pagesFor(sizeBytes: number): number {
  return Math.max(1, Math.ceil(sizeBytes / PAGE_BYTES));
}
