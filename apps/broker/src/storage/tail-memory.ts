import type { Extent, SlabPool } from './slab-pool.ts';

/** A piece of some log's tail, as the budget sees it. */
export interface TailPiece {
  /** Memory it takes. */
  readonly sizeBytes: number;
  /** Whether the disk has all of it, so that it may go. */
  readonly isWritten: boolean;
  /** Takes the piece out of its log; the log calls `TailMemory.forget` and releases the extent. */
  evict(): void;
}

/** The part of the budget that readers may hold: what they are slow to let go of is missing for what is written. */
const READERS_SHARE = 1 / 4;
/** What they may hold at least, a single one of them too. */
const READERS_BYTES_MIN = 524_288;

/** How many pieces an eviction looks past that are not written yet. */
const SKIPPED_MAX = 64;

/**
 * The memory of all tails of a shard: a budget over the slab pool. When it is used up, the oldest pieces that are on disk
 * go first, whichever log they belong to. What is not written yet is never evicted: the budget can be passed by as much as
 * is under way to the disk, which the server bounds by not reading sockets while `isFull`.
 */
export class TailMemory {
  readonly pool: SlabPool;
  readonly budgetBytes: number;
  readonly #pieces = new Set<TailPiece>();
  readonly #readersMax: number;
  #usedBytes = 0;
  #readerBytes = 0;
  #overflowBytes = 0;

  constructor(pool: SlabPool, budgetBytes: number) {
    this.pool = pool;
    this.budgetBytes = Math.min(budgetBytes, pool.totalBytes);
    this.#readersMax = Math.max(this.budgetBytes * READERS_SHARE, Math.min(this.budgetBytes, READERS_BYTES_MIN));
  }

  /** Memory of all tails now. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Memory that readers hold now, each piece counted once however many hold it. */
  get readerBytes(): number {
    return this.#readerBytes;
  }

  /**
   * Memory that one more read may hold: half of what readers have left. So one that takes much leaves some for others, and all
   * together never hold more than their share; who comes when it is used up reads from files.
   */
  get readerAllowance(): number {
    const left = Math.max(0, this.#readersMax - this.#readerBytes);
    return Math.max(left / 2, Math.min(left, READERS_BYTES_MIN));
  }

  /** Bytes ever taken from the ordinary heap because the pool had none left. */
  get overflowBytes(): number {
    return this.#overflowBytes;
  }

  /** Whether tails hold more than their budget even after eviction: take in no more until writes have caught up. */
  get isFull(): boolean {
    this.#makeRoom(0);
    // A budget that is used up to the last byte is not passed: nothing could be evicted then that would let the broker go on.
    return this.#usedBytes > this.budgetBytes;
  }

  /** Memory for a tail, evicting written pieces to stay in the budget. Never fails: beyond the pool it comes from the ordinary heap. */
  reserve(sizeBytes: number): Extent {
    this.#makeRoom(sizeBytes);
    let extent = this.pool.reserve(sizeBytes);
    while (extent === undefined && this.#evictOne()) extent = this.pool.reserve(sizeBytes);
    if (extent !== undefined) return extent;
    this.#overflowBytes += sizeBytes;
    return heapExtent(sizeBytes);
  }

  /** Counts a piece from now on; pieces are evicted in the order of these calls. */
  remember(piece: TailPiece): void {
    this.#pieces.add(piece);
    this.#usedBytes += piece.sizeBytes;
  }

  /** Stops counting a piece that goes. */
  forget(piece: TailPiece): void {
    if (this.#pieces.delete(piece)) this.#usedBytes -= piece.sizeBytes;
  }

  /** Counts a piece that its first reader takes, by its size, or that its last one lets go of, by minus its size. */
  countReaders(sizeBytes: number): void {
    this.#readerBytes += sizeBytes;
  }

  /** Lets `change` shrink a remembered piece and keeps the count right. */
  resize(piece: TailPiece, change: () => void): void {
    const before = piece.sizeBytes;
    change();
    if (this.#pieces.has(piece)) this.#usedBytes += piece.sizeBytes - before;
  }

  #makeRoom(sizeBytes: number): void {
    while (this.#usedBytes + sizeBytes > this.budgetBytes && this.#evictOne()) {
      // One piece after the other, until there is room or nothing may go.
    }
  }

  #evictOne(): boolean {
    let skipped = 0;
    for (const piece of this.#pieces) {
      if (piece.isWritten) {
        piece.evict();
        return true;
      }
      skipped += 1;
      if (skipped === SKIPPED_MAX) return false;
    }
    return false;
  }
}

/** An extent outside the pool, left to the garbage collector. */
function heapExtent(sizeBytes: number): Extent {
  const extent = {
    bytes: new Uint8Array(sizeBytes),
    retain: () => undefined,
    release: () => undefined,
    shrink: (size: number) => {
      extent.bytes = extent.bytes.subarray(0, size);
    },
  };
  return extent;
}
