/** No page: the end of a free list. */
const NONE = -1;

/**
 * A buddy allocator over page numbers [0, pageCount). Runs of any length are handed out; what a power of two has too much is
 * given back at once. Freed runs merge with their buddies, so long runs come back. Recently freed pages are used first
 * (they are warm in the caches) and never used ones last (touching fresh memory is slow).
 */
export class PageAllocator {
  readonly pageCount: number;
  #freePages = 0;
  /** First free block of each order; a block of order k has 2^k pages and starts at a multiple of that. */
  readonly #heads: Int32Array;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  /** Order + 1 of the free block that starts at this page, 0 where none does. */
  readonly #freeOrder: Uint8Array;

  constructor(pageCount: number) {
    this.pageCount = pageCount;
    this.#heads = new Int32Array(32).fill(NONE);
    this.#next = new Int32Array(pageCount);
    this.#previous = new Int32Array(pageCount);
    this.#freeOrder = new Uint8Array(pageCount);
    this.free(0, pageCount);
  }

  get freePages(): number {
    return this.#freePages;
  }

  /** First page of a run of `count` pages, -1 where there is none. */
  allocate(count: number): number {
    const order = orderAtLeast(count);
    let found = order;
    while (found < 32 && this.#heads[found] === NONE) found += 1;
    if (found === 32) return NONE;
    const page = this.#heads[found] as number;
    this.#unlink(page, found);
    const taken = 2 ** found;
    this.#freePages -= taken;
    if (taken > count) this.free(page + count, taken - count);
    return page;
  }

  /** Gives `count` pages from `page` on back, in any cut: they need not be one whole allocation. */
  free(page: number, count: number): void {
    this.#freePages += count;
    const end = page + count;
    // Higher blocks first, so that the lower ones are found first by the next allocation.
    const blocks: number[] = [];
    for (let at = page; at < end; at += 2 ** (blocks[blocks.length - 1] as number)) {
      blocks.push(largestOrderAt(at, end - at));
    }
    let at = end;
    for (let index = blocks.length - 1; index >= 0; index -= 1) {
      const order = blocks[index] as number;
      at -= 2 ** order;
      this.#freeBlock(at, order);
    }
  }

  #freeBlock(start: number, startOrder: number): void {
    let page = start;
    let order = startOrder;
    for (;;) {
      const size = 2 ** order;
      const buddy = (page / size) % 2 === 0 ? page + size : page - size;
      if (buddy + size > this.pageCount || this.#freeOrder[buddy] !== order + 1) break;
      this.#unlink(buddy, order);
      page = Math.min(page, buddy);
      order += 1;
    }
    this.#link(page, order);
  }

  #link(page: number, order: number): void {
    const head = this.#heads[order] as number;
    this.#next[page] = head;
    this.#previous[page] = NONE;
    if (head !== NONE) this.#previous[head] = page;
    this.#heads[order] = page;
    this.#freeOrder[page] = order + 1;
  }

  #unlink(page: number, order: number): void {
    const next = this.#next[page] as number;
    const previous = this.#previous[page] as number;
    if (next !== NONE) this.#previous[next] = previous;
    if (previous !== NONE) this.#next[previous] = next;
    else this.#heads[order] = next;
    this.#freeOrder[page] = 0;
  }
}

function orderAtLeast(count: number): number {
  return count <= 1 ? 0 : 32 - Math.clz32(count - 1);
}

/** Order of the largest aligned block that starts at `page` and is at most `count` pages long. */
function largestOrderAt(page: number, count: number): number {
  const bySize = 31 - Math.clz32(count);
  if (page === 0) return bySize;
  const byAlignment = 31 - Math.clz32(page & -page);
  return Math.min(bySize, byAlignment);
}
