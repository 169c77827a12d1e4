import type { Segment } from './segment.ts';

/**
 * Indexes of sealed segments that are in memory: bounded, the least recently used ones go. Those of active segments are not
 * counted: they always stay.
 */
export class LoadedIndexes {
  readonly #budgetBytes: number;
  /** Sizes, least recently used first. */
  readonly #sizes = new Map<Segment, number>();
  #usedBytes = 0;

  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** The indexes of a sealed segment were loaded or used. */
  loaded(segment: Segment): void {
    if (segment.indexes === undefined) return;
    this.forget(segment);
    const size = segment.indexes.offsets.sizeBytes + segment.indexes.times.sizeBytes;
    this.#sizes.set(segment, size);
    this.#usedBytes += size;
    for (const oldest of this.#sizes.keys()) {
      if (this.#usedBytes <= this.#budgetBytes || oldest === segment) break;
      this.forget(oldest);
      if (oldest.areIndexesOnDisk) oldest.indexes = undefined;
    }
  }

  /** The segment became active again, or is gone. */
  forget(segment: Segment): void {
    this.#usedBytes -= this.#sizes.get(segment) ?? 0;
    this.#sizes.delete(segment);
  }
}
