import { KeyHash } from './cleaner-key-hash.ts';
import { OffsetTable } from './cleaner-offset-table.ts';

export interface OffsetMapOptions {
  /** log.cleaner.dedupe.buffer.size, of one cleaning. */
  readonly memoryBytes: number;
  /** log.cleaner.io.buffer.load.factor: how full a table may get, 0 to 1. */
  readonly loadFactor: number;
  /** No more entries than this will be asked for. */
  readonly entriesWanted: number;
  /** No offset is below it. */
  readonly baseOffset: number;
  /** 16 random bytes. */
  readonly secret: Uint8Array;
}

const SMALLEST_SLOTS = 4096;
const GROWTH = 4;
/** Of the memory, what the largest table has: the one that it grew from has the rest. */
const LARGEST_SHARE = GROWTH / (GROWTH + 1);
/** Slots that move to a larger table with each key that is put: it has long been done when the larger one is full. */
const MOVED_SLOTS = 8;

/**
 * The latest offset of each key, by hash alone. It begins small and grows as keys come: most logs that are compacted say much of few
 * keys. Growing is spread over the puts that follow; old and new table together stay within `memoryBytes`, of which the largest table
 * has four fifths. Nothing is allocated for an entry.
 */
export class OffsetMap {
  readonly #options: OffsetMapOptions;
  /** Slots of the tables to come, the largest first. */
  readonly #sizes: number[];
  readonly #hash: KeyHash;
  #table: OffsetTable;
  /** The table before the last growth, while entries still move. */
  #old: OffsetTable | undefined;
  #moved = 0;
  #size = 0;

  constructor(options: OffsetMapOptions) {
    const { memoryBytes, loadFactor, entriesWanted } = options;
    this.#options = options;
    const wanted = Math.max(2, Math.ceil(entriesWanted / loadFactor) + 1);
    const largest = Math.min(Math.floor(OffsetTable.slotsOf(memoryBytes) * LARGEST_SHARE), wanted);
    this.#sizes = [];
    let slots = Math.max(2, largest);
    for (; slots > SMALLEST_SLOTS; slots = Math.floor(slots / GROWTH)) this.#sizes.push(slots);
    this.#table = new OffsetTable(slots);
    this.#hash = new KeyHash(options.secret);
  }

  get size(): number {
    return this.#size;
  }
  /** Share of the keys that `memoryBytes` have room for, 0 to 1. */
  get use(): number {
    const { memoryBytes, loadFactor } = this.#options;
    return Math.min(1, this.#size / (OffsetTable.slotsOf(memoryBytes) * LARGEST_SHARE * loadFactor));
  }
  get memoryBytes(): number {
    return this.#table.memoryBytes + (this.#old?.memoryBytes ?? 0);
  }

  /** Notes that the key at `at` of `bytes` was written at `offset`, above all before. False, with nothing noted, where a new key does not fit. */
  put(bytes: Uint8Array, at: number, sizeBytes: number, offset: number): boolean {
    const hash = this.#hash;
    hash.hash(bytes, at, sizeBytes);
    const value = offset - this.#options.baseOffset;
    const slot = this.#table.find(hash.h0, hash.h1, hash.h2, hash.h3);
    if (this.#table.isTaken(slot)) this.#table.set(slot, value);
    else {
      const isNew = this.#old === undefined || !this.#isInOld();
      if (isNew && this.#size >= this.#limitOf(this.#table)) {
        if (!this.#grow()) return false;
        return this.put(bytes, at, sizeBytes, offset);
      }
      this.#table.add(slot, hash.h0, hash.h1, hash.h2, hash.h3, value);
      if (isNew) this.#size += 1;
    }
    if (this.#old !== undefined) this.#move(this.#old, MOVED_SLOTS);
    return true;
  }

  /** The latest offset noted of the key, -1 where there is none. */
  latest(bytes: Uint8Array, at: number, sizeBytes: number): number {
    const hash = this.#hash;
    hash.hash(bytes, at, sizeBytes);
    const slot = this.#table.find(hash.h0, hash.h1, hash.h2, hash.h3);
    if (this.#table.isTaken(slot)) return this.#table.valueAt(slot) + this.#options.baseOffset;
    if (this.#old === undefined) return -1;
    const oldSlot = this.#old.find(hash.h0, hash.h1, hash.h2, hash.h3);
    return this.#old.isTaken(oldSlot) ? this.#old.valueAt(oldSlot) + this.#options.baseOffset : -1;
  }

  /** Gives the memory back at once; the map is of no use any more. */
  release(): void {
    this.#table.release();
    this.#old?.release();
    this.#size = 0;
  }

  #isInOld(): boolean {
    const old = this.#old;
    if (old === undefined) return false;
    const { h0, h1, h2, h3 } = this.#hash;
    return old.isTaken(old.find(h0, h1, h2, h3));
  }

  /** At least one slot stays free: it is what ends a search. */
  #limitOf(table: OffsetTable): number {
    return Math.max(1, Math.min(table.slots - 1, Math.floor(table.slots * this.#options.loadFactor)));
  }

  #grow(): boolean {
    while (this.#old !== undefined) this.#move(this.#old, this.#old.slots);
    const table = this.#table;
    const slots = this.#sizes.pop();
    if (slots === undefined) return false;
    this.#old = table;
    this.#moved = 0;
    this.#table = new OffsetTable(slots);
    return true;
  }

  #move(old: OffsetTable, count: number): void {
    const end = Math.min(old.slots, this.#moved + count);
    for (; this.#moved < end; this.#moved += 1) this.#table.take(old, this.#moved);
    if (end < old.slots) return;
    old.release();
    this.#old = undefined;
  }
}
