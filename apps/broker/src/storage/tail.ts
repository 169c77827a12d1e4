import { batchSizeBytes, baseOffset as batchBaseOffset, lastOffset } from '@ks/protocol';
import type { MemoryPart } from '../ports/wire-part.ts';
import type { Segment } from './segment.ts';
import { type Extent, PAGE_BYTES } from './slab-pool.ts';
import type { TailMemory, TailPiece } from './tail-memory.ts';

const SMALLEST_CHUNK_BYTES = 8192;
const LARGEST_CHUNK_BYTES = 262_144;

/** Views of the tail that stay good until `release`. */
export interface HeldViews {
  readonly views: readonly Uint8Array[];
  release(): void;
}

/** Whole batches found in the tail. */
export interface TailRead {
  /** Undefined where nothing may be given. */
  readonly part: MemoryPart | undefined;
  readonly nextOffset: number;
}

/**
 * The newest bytes of a log, in memory: batches as they are (or will be) in the files, in chunks that never change once published.
 * It is what gets written to disk, and what readers at the end of the log are served from. The oldest chunks go when memory
 * is short and the disk has them.
 */
export class Tail {
  readonly #memory: TailMemory;
  readonly #chunks: Chunk[] = [];
  #nextChunkBytes = SMALLEST_CHUNK_BYTES;

  constructor(memory: TailMemory) {
    this.#memory = memory;
  }

  /**
   * Room for one batch that goes to `position` of `segment`; the caller fills it before its turn ends. Addresses equal file positions
   * modulo 4096 (performance.md 3b).
   */
  place(segment: Segment, position: number, sizeBytes: number, baseOffset: number): Uint8Array {
    let chunk = this.#chunks.at(-1);
    if (chunk === undefined || !chunk.fits(segment, position, sizeBytes)) {
      if (chunk !== undefined) chunk.seal(this.#memory);
      chunk = this.#open(segment, position, sizeBytes, baseOffset);
    }
    return chunk.place(sizeBytes);
  }

  /** The batch that was placed last is complete. */
  placed(endOffset: number): void {
    const chunk = this.#chunks.at(-1);
    if (chunk !== undefined) chunk.endOffset = endOffset;
  }

  /** What the tail has of `segment` from `position` on, to be written. */
  viewsFrom(segment: Segment, position: number): HeldViews {
    const extents: Extent[] = [];
    const views: Uint8Array[] = [];
    for (const chunk of this.#chunks) {
      if (chunk.segment !== segment || chunk.endPosition <= position) continue;
      chunk.extent.retain();
      extents.push(chunk.extent);
      views.push(chunk.view(Math.max(position, chunk.fromPosition), chunk.endPosition));
    }
    return { views, release: () => releaseAll(extents) };
  }

  /**
   * Batches from the one that holds `startOffset`; undefined where the tail does not reach back that far, or readers hold as much
   * of it as they may. Where that is so further on, it is less than there is.
   */
  read(startOffset: number, maxBytes: number, upToOffset: number, minOneBatch: boolean): TailRead | undefined {
    let index = this.#chunkOf(startOffset);
    if (index < 0) return undefined;
    const held: Chunk[] = [];
    const views: Uint8Array[] = [];
    let allowance = this.#memory.readerAllowance;
    let left = maxBytes;
    let nextOffset = startOffset;
    let isWhole = true;
    for (; isWhole && index < this.#chunks.length; index += 1) {
      const chunk = this.#chunks[index] as Chunk;
      allowance -= chunk.isRead ? 0 : chunk.sizeBytes;
      if (allowance < 0) break;
      const from = views.length === 0 ? chunk.positionOf(startOffset) : chunk.fromPosition;
      const range = chunk.batchesFrom(from, left, upToOffset, minOneBatch && views.length === 0);
      isWhole = range.endPosition === chunk.endPosition;
      if (range.endPosition === from) break;
      chunk.retain(this.#memory);
      held.push(chunk);
      views.push(chunk.view(from, range.endPosition));
      left -= range.endPosition - from;
      nextOffset = range.nextOffset;
    }
    if (views.length === 0) return allowance < 0 ? undefined : { part: undefined, nextOffset };
    const sizeBytes = maxBytes - left;
    const release = (): void => {
      for (const chunk of held) chunk.release(this.#memory);
    };
    return { part: { kind: 'memory', sizeBytes, views, release }, nextOffset };
  }

  /** Drops every batch that reaches `offset` or lies beyond. What was published stays as it is for those who hold it. */
  truncateTo(offset: number): void {
    for (
      let chunk = this.#chunks.at(-1);
      chunk !== undefined && chunk.endOffset > offset;
      chunk = this.#chunks.at(-1)
    ) {
      if (chunk.baseOffset < offset) {
        chunk.cut(offset);
        chunk.seal(this.#memory);
        if (chunk.usedBytes > 0) return;
      }
      this.#chunks.pop();
      this.#drop(chunk);
    }
  }

  /** Lets go of the batches below `offset`, where a segment ends that is whole on disk: they are read from there, compacted. */
  dropBelow(offset: number): void {
    for (let chunk = this.#chunks[0]; chunk !== undefined && chunk.endOffset <= offset; chunk = this.#chunks[0]) {
      this.#chunks.shift();
      this.#drop(chunk);
    }
  }

  clear(): void {
    for (const chunk of this.#chunks.splice(0)) this.#drop(chunk);
  }

  #open(segment: Segment, position: number, sizeBytes: number, baseOffset: number): Chunk {
    const skew = position % PAGE_BYTES;
    const extent = this.#memory.reserve(Math.max(this.#nextChunkBytes, skew + sizeBytes));
    this.#nextChunkBytes = Math.min(LARGEST_CHUNK_BYTES, this.#nextChunkBytes * 2);
    const chunk: Chunk = new Chunk(segment, position, baseOffset, extent, skew, () => this.#evict(chunk));
    this.#chunks.push(chunk);
    this.#memory.remember(chunk);
    return chunk;
  }

  /** Memory is short: `chunk` is on disk and goes. Chunks are written in order, so it is the oldest. */
  #evict(chunk: Chunk): void {
    if (this.#chunks[0] !== chunk) throw new Error('a tail is evicted from its start only');
    this.#chunks.shift();
    if (this.#chunks.length === 0) this.#nextChunkBytes = SMALLEST_CHUNK_BYTES;
    this.#drop(chunk);
  }

  #drop(chunk: Chunk): void {
    this.#memory.forget(chunk);
    chunk.extent.release();
  }

  /** Index of the chunk that holds `offset`, -1 where none does. */
  #chunkOf(offset: number): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#chunks[middle] as Chunk).baseOffset <= offset) low = middle + 1;
      else high = middle;
    }
    const chunk = this.#chunks[low - 1];
    return chunk !== undefined && offset < chunk.endOffset ? low - 1 : -1;
  }
}

/** One extent of a tail: batches of one segment, one after the other. */
class Chunk implements TailPiece {
  readonly segment: Segment;
  readonly fromPosition: number;
  readonly baseOffset: number;
  readonly extent: Extent;
  readonly evict: () => void;
  endOffset: number;
  usedBytes = 0;
  /** Bytes of the extent before the first batch, for alignment. */
  readonly #skew: number;
  #isSealed = false;
  /** Readers that hold it, and the size that it was counted with for them. */
  #readers = 0;
  #readerBytes = 0;

  constructor(segment: Segment, from: number, baseOffset: number, extent: Extent, skew: number, evict: () => void) {
    this.segment = segment;
    this.fromPosition = from;
    this.baseOffset = baseOffset;
    this.endOffset = baseOffset;
    this.extent = extent;
    this.#skew = skew;
    this.evict = evict;
  }

  get sizeBytes(): number {
    return Math.ceil(this.extent.bytes.length / PAGE_BYTES) * PAGE_BYTES;
  }
  get endPosition(): number {
    return this.fromPosition + this.usedBytes;
  }
  get isWritten(): boolean {
    return this.segment.writtenBytes >= this.endPosition;
  }

  /** Whether a reader holds it already. */
  get isRead(): boolean {
    return this.#readers > 0;
  }

  /** A reader takes it. */
  retain(memory: TailMemory): void {
    this.extent.retain();
    this.#readers += 1;
    if (this.#readers > 1) return;
    this.#readerBytes = this.sizeBytes;
    memory.countReaders(this.#readerBytes);
  }

  /** A reader lets go of it. */
  release(memory: TailMemory): void {
    this.extent.release();
    this.#readers -= 1;
    if (this.#readers === 0) memory.countReaders(-this.#readerBytes);
  }

  fits(segment: Segment, position: number, sizeBytes: number): boolean {
    const isNext = !this.#isSealed && this.segment === segment && this.endPosition === position;
    return isNext && this.#skew + this.usedBytes + sizeBytes <= this.extent.bytes.length;
  }

  place(sizeBytes: number): Uint8Array {
    const at = this.#skew + this.usedBytes;
    this.usedBytes += sizeBytes;
    return this.extent.bytes.subarray(at, at + sizeBytes);
  }

  /** Nothing more comes: gives the pages back that were not needed. */
  seal(memory: TailMemory): void {
    this.#isSealed = true;
    memory.resize(this, () => this.extent.shrink(this.#skew + this.usedBytes));
  }

  view(from: number, to: number): Uint8Array {
    return this.extent.bytes.subarray(from - this.fromPosition + this.#skew, to - this.fromPosition + this.#skew);
  }

  /** File position of the first batch that ends at or beyond `offset`. */
  positionOf(offset: number): number {
    const bytes = this.extent.bytes;
    let at = this.#skew;
    const end = this.#skew + this.usedBytes;
    while (at < end && lastOffset(bytes, at) < offset) at += batchSizeBytes(bytes, at);
    return at - this.#skew + this.fromPosition;
  }

  /** Where whole batches from `from` on end that take at most `maxBytes` and lie below `upToOffset`. */
  batchesFrom(
    from: number,
    maxBytes: number,
    upToOffset: number,
    minOneBatch: boolean,
  ): { endPosition: number; nextOffset: number } {
    if (this.endOffset <= upToOffset && this.endPosition - from <= maxBytes) {
      return { endPosition: this.endPosition, nextOffset: this.endOffset };
    }
    const bytes = this.extent.bytes;
    const start = from - this.fromPosition + this.#skew;
    const end = this.#skew + this.usedBytes;
    let at = start;
    while (at < end && lastOffset(bytes, at) < upToOffset) {
      const next = at + batchSizeBytes(bytes, at);
      if (next - start > maxBytes && !(minOneBatch && at === start)) break;
      at = next;
    }
    const nextOffset = at < end ? batchBaseOffset(bytes, at) : this.endOffset;
    return { endPosition: at - this.#skew + this.fromPosition, nextOffset };
  }

  /** Forgets the batches that reach `offset` or lie beyond; their bytes stay. */
  cut(offset: number): void {
    const end = this.positionOf(offset);
    const bytes = this.extent.bytes;
    const at = end - this.fromPosition + this.#skew;
    if (end < this.endPosition) this.endOffset = batchBaseOffset(bytes, at);
    this.usedBytes = end - this.fromPosition;
  }
}

function releaseAll(extents: readonly Extent[]): void {
  for (const extent of extents) extent.release();
}
