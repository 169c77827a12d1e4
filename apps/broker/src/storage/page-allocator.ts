/**
 * Hands out runs of page numbers [0, pageCount), each at the lowest place where it fits, so that what is in use stays together at the start
 * and pages beyond the high-water mark are never touched. A tree over the pages knows of every part the free runs at its two ends and the
 * longest within: a run is found, taken or given back in a number of steps that grows with the logarithm of the pages.
 */
export class PageAllocator {
  readonly pageCount: number;
  #freePages = 0;
  /** Pages of the tree's root: a power of two. Those from `pageCount` on are never free. */
  readonly #rootPages: number;
  /** By node (the root is 1, the children of n are 2n and 2n + 1): free pages at its start, at its end, and in its longest run. */
  readonly #leading: Int32Array;
  readonly #trailing: Int32Array;
  readonly #longest: Int32Array;

  constructor(pageCount: number) {
    this.pageCount = pageCount;
    this.#rootPages = 2 ** Math.ceil(Math.log2(Math.max(1, pageCount)));
    this.#leading = new Int32Array(2 * this.#rootPages);
    this.#trailing = new Int32Array(2 * this.#rootPages);
    this.#longest = new Int32Array(2 * this.#rootPages);
    this.free(0, pageCount);
  }

  get freePages(): number {
    return this.#freePages;
  }

  /** First page of the lowest run of `count` pages, -1 where there is none. */
  allocate(count: number): number {
    const page = this.#lowestRun(count);
    if (page < 0) return -1;
    this.#freePages -= count;
    this.#mark(1, 0, this.#rootPages, page, page + count, false);
    return page;
  }

  /** Gives `count` pages from `page` on back, in any cut: they need not be one whole allocation. */
  free(page: number, count: number): void {
    this.#freePages += count;
    this.#mark(1, 0, this.#rootPages, page, page + count, true);
  }

  #lowestRun(count: number): number {
    if ((this.#longest[1] as number) < count) return -1;
    let node = 1;
    let from = 0;
    let size = this.#rootPages;
    // What lies below a node that is free as a whole is not kept up.
    while ((this.#longest[node] as number) < size) {
      size /= 2;
      const left = 2 * node;
      const right = left + 1;
      const atEnd = this.#trailing[left] as number;
      if ((this.#longest[left] as number) >= count) {
        node = left;
      } else if (atEnd + (this.#leading[right] as number) >= count) {
        return from + size - atEnd;
      } else {
        node = right;
        from += size;
      }
    }
    return from;
  }

  /** Marks the pages [start, end) of the node that spans `size` pages from `from` on. */
  #mark(node: number, from: number, size: number, start: number, end: number, isFree: boolean): void {
    if (start <= from && from + size <= end) {
      this.#fill(node, isFree ? size : 0);
      return;
    }
    const half = size / 2;
    const middle = from + half;
    const left = 2 * node;
    const longest = this.#longest[node] as number;
    if (longest === 0 || longest === size) {
      this.#fill(left, longest / 2);
      this.#fill(left + 1, longest / 2);
    }
    if (start < middle) this.#mark(left, from, half, start, end, isFree);
    if (end > middle) this.#mark(left + 1, middle, half, start, end, isFree);
    this.#combine(node, half);
  }

  #fill(node: number, freePages: number): void {
    this.#leading[node] = freePages;
    this.#trailing[node] = freePages;
    this.#longest[node] = freePages;
  }

  /** What a node is by its children of `half` pages each. */
  #combine(node: number, half: number): void {
    const left = 2 * node;
    const right = left + 1;
    const leading = this.#leading[left] as number;
    const trailing = this.#trailing[right] as number;
    const across = (this.#trailing[left] as number) + (this.#leading[right] as number);
    this.#leading[node] = leading === half ? half + (this.#leading[right] as number) : leading;
    this.#trailing[node] = trailing === half ? half + (this.#trailing[left] as number) : trailing;
    this.#longest[node] = Math.max(this.#longest[left] as number, this.#longest[right] as number, across);
  }
}
