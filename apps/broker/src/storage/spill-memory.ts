import type { Clock } from '../ports/clock.ts';
import { PageAllocator } from './page-allocator.ts';
import { PAGE_BYTES, type SlabPool } from './slab-pool.ts';

/** Beyond what the C library keeps for itself when it is freed (32 MB at most), so that the system has it back at once. */
const ARENA_BYTES = 41_943_040;
/** An arena of which nothing is held for so long goes; not at once, for the next would be fresh memory, which is slow to touch. */
const SWEEP_MS = 5000;

/** A piece that its holder gives back once. */
export interface SpillPiece {
  readonly bytes: Uint8Array;
  release(): void;
}

export interface SpillMemoryOptions {
  readonly pool: SlabPool;
  /** Bytes of the pool that may be held this way; the rest is left to the tails. */
  readonly poolBytesMax: number;
  readonly clock: Clock;
}

/**
 * Memory for what comes and goes: requests on their way in, pieces of files on their way out. A share of the slab pool, whose memory stays
 * with the process once it was touched, and beyond that arenas that are given back to the system when they are empty. How much may be held
 * in all is for others to bound.
 */
export class SpillMemory {
  readonly #options: SpillMemoryOptions;
  #pooledBytes = 0;
  /** In the order of their making, so that the newest empty out. */
  #arenas: Arena[] = [];

  constructor(options: SpillMemoryOptions) {
    this.#options = options;
  }

  /** Memory of the arenas, used or not. */
  get arenaBytes(): number {
    return this.#arenas.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  /** A piece of `sizeBytes`, whose bytes may be old ones. */
  reserve(sizeBytes: number): SpillPiece {
    return this.#fromPool(sizeBytes) ?? this.#fromArena(sizeBytes);
  }

  #fromPool(sizeBytes: number): SpillPiece | undefined {
    const { pool, poolBytesMax } = this.#options;
    const extent = this.#pooledBytes + sizeBytes <= poolBytesMax ? pool.reserve(sizeBytes) : undefined;
    if (extent === undefined) return undefined;
    this.#pooledBytes += sizeBytes;
    return {
      bytes: extent.bytes,
      release: () => {
        extent.release();
        this.#pooledBytes -= sizeBytes;
      },
    };
  }

  #fromArena(sizeBytes: number): SpillPiece {
    for (const arena of this.#arenas) {
      const piece = arena.reserve(sizeBytes);
      if (piece !== undefined) return piece;
    }
    const arena = new Arena(Math.max(ARENA_BYTES, sizeBytes));
    this.#arenas.push(arena);
    if (this.#arenas.length === 1) this.#sweepLater();
    const piece = arena.reserve(sizeBytes);
    if (piece === undefined) throw new Error('a piece fits an arena that was made for it');
    return piece;
  }

  /** Looks for arenas that lay empty since the last look, as long as there are any. */
  #sweepLater(): void {
    this.#options.clock.setTimer(SWEEP_MS, () => {
      this.#arenas = this.#arenas.filter((arena) => {
        if (arena.lookUsed()) return true;
        arena.close();
        return false;
      });
      if (this.#arenas.length > 0) this.#sweepLater();
    });
  }
}

/** Memory outside the core, handed out by pages. */
class Arena {
  readonly sizeBytes: number;
  readonly #memory: ArrayBuffer;
  readonly #pages: PageAllocator;
  #wasUsed = true;

  constructor(sizeBytes: number) {
    this.#pages = new PageAllocator(Math.ceil(sizeBytes / PAGE_BYTES));
    this.sizeBytes = this.#pages.pageCount * PAGE_BYTES;
    this.#memory = new ArrayBuffer(this.sizeBytes);
  }

  /** Whether any of it was held since the last look. */
  lookUsed(): boolean {
    const isHeld = this.#pages.freePages < this.#pages.pageCount;
    const wasUsed = isHeld || this.#wasUsed;
    this.#wasUsed = isHeld;
    return wasUsed;
  }

  reserve(sizeBytes: number): SpillPiece | undefined {
    const pageCount = Math.max(1, Math.ceil(sizeBytes / PAGE_BYTES));
    const page = this.#pages.allocate(pageCount);
    if (page < 0) return undefined;
    this.#wasUsed = true;
    let isHeld = true;
    return {
      bytes: new Uint8Array(this.#memory, page * PAGE_BYTES, sizeBytes),
      release: () => {
        if (!isHeld) throw new Error('a piece of memory was released twice');
        isHeld = false;
        this.#pages.free(page, pageCount);
      },
    };
  }

  /** Gives the memory back at once: left to the garbage collector it would stay for as long as nothing else makes garbage. */
  close(): void {
    this.#memory.transfer(0);
  }
}
