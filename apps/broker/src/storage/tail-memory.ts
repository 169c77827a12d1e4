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
  #usedBytes = 0;
  #overflowBytes = 0;

  constructor(pool: SlabPool, budgetBytes: number) {
    this.pool = pool;
    this.budgetBytes = Math.min(budgetBytes, pool.totalBytes);
  }

  /** Memory of all tails now. */
  get usedBytes(): number {
    return this.#usedBytes;
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
