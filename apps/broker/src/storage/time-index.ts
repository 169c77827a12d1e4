import type { Core } from '@ks/core-wasm';
import { int32At, int64At, setInt32, setInt64 } from './fixed-width.ts';
import { IndexEntries } from './index-entries.ts';

export const TIME_INDEX_ENTRY_BYTES = 12;

/** One entry: no record up to `offset` has a timestamp above `timestampMs`; the batch that ends with `offset` has it. */
export interface TimestampOffset {
  readonly timestampMs: number;
  readonly offset: number;
}

/** A segment's `.timeindex`: (int64 greatest timestamp so far, int32 relative last offset of its batch), ascending. */
export class TimeIndex {
  readonly #baseOffset: number;
  readonly #entries: IndexEntries;

  constructor(baseOffset: number, bytes: Uint8Array = new Uint8Array(0)) {
    this.#baseOffset = baseOffset;
    this.#entries = new IndexEntries(TIME_INDEX_ENTRY_BYTES, bytes);
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

  /** Adds an entry unless its timestamp is not above the last one's (or there is no timestamp). */
  maybeAppend(timestampMs: number, offset: number): void {
    const last = this.last();
    if (timestampMs < 0 || (last !== undefined && timestampMs <= last.timestampMs)) return;
    const at = this.#entries.grow();
    setInt64(this.#entries.storage, at, timestampMs);
    setInt32(this.#entries.storage, at + 8, offset - this.#baseOffset);
  }

  at(slot: number): TimestampOffset | undefined {
    if (slot < 0 || slot >= this.count) return undefined;
    const at = slot * TIME_INDEX_ENTRY_BYTES;
    return { timestampMs: int64At(this.bytes, at), offset: this.#baseOffset + int32At(this.bytes, at + 8) };
  }

  last(): TimestampOffset | undefined {
    return this.at(this.count - 1);
  }

  /** The last entry at or below `timestampMs` whose offset is below `upToOffset`. */
  lookup(core: Core, timestampMs: number, upToOffset: number): TimestampOffset | undefined {
    let slot = core.searchTimeIndex(this.bytes, this.count, timestampMs);
    let entry = this.at(slot);
    while (entry !== undefined && entry.offset >= upToOffset) entry = this.at(--slot);
    return entry;
  }

  /** Drops entries whose offset is `offset` or above. */
  truncateTo(offset: number): void {
    let count = this.count;
    while (count > 0 && (this.at(count - 1)?.offset ?? 0) >= offset) count -= 1;
    this.#entries.truncate(count);
  }

  /** Whether entries can be what they claim to be: ascending in both columns. */
  isPlausible(fileBytes: number): boolean {
    if (fileBytes % TIME_INDEX_ENTRY_BYTES !== 0) return false;
    const bytes = this.bytes;
    let timestamp = -1;
    let offset = -1;
    for (let slot = 0; slot < this.count; slot += 1) {
      const at = slot * TIME_INDEX_ENTRY_BYTES;
      const nextTimestamp = int64At(bytes, at);
      const nextOffset = int32At(bytes, at + 8);
      if (nextTimestamp <= timestamp || nextOffset <= offset) return false;
      timestamp = nextTimestamp;
      offset = nextOffset;
    }
    return true;
  }
}
