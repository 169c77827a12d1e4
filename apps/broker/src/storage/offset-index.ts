import type { Core } from '@ks/core-wasm';
import { int32At, setInt32 } from './fixed-width.ts';
import { IndexEntries } from './index-entries.ts';

export const OFFSET_INDEX_ENTRY_BYTES = 8;

/** One entry: the batch at `position` ends with `offset`. */
export interface OffsetPosition {
  readonly offset: number;
  readonly position: number;
}

/**
 * A segment's `.index`: some of its batches, each as (last offset of the batch relative to the segment's base, file position), both
 * int32 and ascending.
 */
export class OffsetIndex {
  readonly #baseOffset: number;
  readonly #entries: IndexEntries;

  constructor(baseOffset: number, bytes: Uint8Array = new Uint8Array(0)) {
    this.#baseOffset = baseOffset;
    this.#entries = new IndexEntries(OFFSET_INDEX_ENTRY_BYTES, bytes);
  }

  get count(): number {
    return this.#entries.count;
  }
  get sizeBytes(): number {
    return this.#entries.sizeBytes;
  }
  /** As the file holds them. */
  get bytes(): Uint8Array {
    return this.#entries.bytes;
  }

  append(offset: number, position: number): void {
    const at = this.#entries.grow();
    setInt32(this.#entries.storage, at, offset - this.#baseOffset);
    setInt32(this.#entries.storage, at + 4, position);
  }

  at(slot: number): OffsetPosition | undefined {
    if (slot < 0 || slot >= this.count) return undefined;
    const at = slot * OFFSET_INDEX_ENTRY_BYTES;
    return { offset: this.#baseOffset + int32At(this.bytes, at), position: int32At(this.bytes, at + 4) };
  }

  last(): OffsetPosition | undefined {
    return this.at(this.count - 1);
  }

  /** The last entry at or below `offset`. */
  lookup(core: Core, offset: number): OffsetPosition | undefined {
    if (offset < this.#baseOffset) return undefined;
    const relative = Math.min(offset - this.#baseOffset, 0x7fffffff);
    return this.at(core.searchOffsetIndex(this.bytes, this.count, relative));
  }

  /** The last entry whose batch starts at or before `position`. */
  lookupPosition(position: number): OffsetPosition | undefined {
    const bytes = this.bytes;
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (int32At(bytes, middle * OFFSET_INDEX_ENTRY_BYTES + 4) <= position) low = middle + 1;
      else high = middle;
    }
    return this.at(low - 1);
  }

  /** Drops the entries of batches that reach `offset` or lie beyond. */
  truncateTo(core: Core, offset: number): void {
    const relative = Math.min(offset - 1 - this.#baseOffset, 0x7fffffff);
    const slot = relative < 0 ? -1 : core.searchOffsetIndex(this.bytes, this.count, relative);
    this.#entries.truncate(slot + 1);
  }

  /** Whether entries can be what they claim to be: ascending, within the log file of `logBytes`. */
  isPlausible(fileBytes: number, logBytes: number): boolean {
    if (fileBytes % OFFSET_INDEX_ENTRY_BYTES !== 0) return false;
    const bytes = this.bytes;
    let offset = -1;
    let position = 0;
    for (let slot = 0; slot < this.count; slot += 1) {
      const at = slot * OFFSET_INDEX_ENTRY_BYTES;
      const nextOffset = int32At(bytes, at);
      const nextPosition = int32At(bytes, at + 4);
      if (nextOffset <= offset || nextPosition <= position || nextPosition >= logBytes) return false;
      offset = nextOffset;
      position = nextPosition;
    }
    return true;
  }
}
