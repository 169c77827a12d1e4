import { KeyHash } from './cleaner-key-hash.ts';

/** Memory of one entry: 128 bits of hash, 64 of offset, as Kafka counts log.cleaner.dedupe.buffer.size. */
export const OFFSET_MAP_ENTRY_BYTES = 24;
const WORDS = OFFSET_MAP_ENTRY_BYTES / 4;
const TWO_TO_32 = 4_294_967_296;

export interface OffsetMapOptions {
  /** log.cleaner.dedupe.buffer.size, of one cleaning. */
  readonly memoryBytes: number;
  /** log.cleaner.io.buffer.load.factor: how full the table may get, 0 to 1. */
  readonly loadFactor: number;
  /** No more entries than this will be asked for: a smaller table does then. */
  readonly entriesWanted: number;
  /** No offset is below it. */
  readonly baseOffset: number;
  /** 16 random bytes. */
  readonly secret: Uint8Array;
}

/**
 * The latest offset of each key, in one flat table of fixed size (open addressing, linear probing). Keys are known by their hash alone.
 * Nothing is allocated for an entry.
 */
export class OffsetMap {
  /** How many keys fit. */
  readonly entriesMax: number;
  readonly #slots: number;
  /** A slot: four words of hash, then the offset above `baseOffset` plus one, high and low; 0 is a free slot. */
  readonly #words: Uint32Array;
  readonly #baseOffset: number;
  readonly #hash: KeyHash;
  #size = 0;

  constructor(options: OffsetMapOptions) {
    const { memoryBytes, loadFactor, entriesWanted } = options;
    const most = Math.max(2, Math.floor(memoryBytes / OFFSET_MAP_ENTRY_BYTES));
    this.#slots = Math.min(most, Math.max(16, Math.ceil(entriesWanted / loadFactor) + 1));
    this.#words = new Uint32Array(this.#slots * WORDS);
    // At least one slot stays free: it is what ends a search.
    this.entriesMax = Math.max(1, Math.min(this.#slots - 1, Math.floor(this.#slots * loadFactor)));
    this.#baseOffset = options.baseOffset;
    this.#hash = new KeyHash(options.secret);
  }

  get size(): number {
    return this.#size;
  }
  get memoryBytes(): number {
    return this.#words.byteLength;
  }

  /** Notes that the key at `at` of `bytes` was written at `offset`, above all before. False, with nothing noted, where a new key does not fit. */
  put(bytes: Uint8Array, at: number, sizeBytes: number, offset: number): boolean {
    const slot = this.#find(bytes, at, sizeBytes);
    const words = this.#words;
    if (!isTaken(words, slot)) {
      if (this.#size === this.entriesMax) return false;
      this.#size += 1;
      words[slot] = this.#hash.h0;
      words[slot + 1] = this.#hash.h1;
      words[slot + 2] = this.#hash.h2;
      words[slot + 3] = this.#hash.h3;
    }
    const value = offset - this.#baseOffset + 1;
    const high = Math.floor(value / TWO_TO_32);
    words[slot + 4] = high;
    words[slot + 5] = value - high * TWO_TO_32;
    return true;
  }

  /** The latest offset noted of the key, -1 where there is none. */
  latest(bytes: Uint8Array, at: number, sizeBytes: number): number {
    if (this.#size === 0) return -1;
    const slot = this.#find(bytes, at, sizeBytes);
    const words = this.#words;
    if (!isTaken(words, slot)) return -1;
    return (words[slot + 4] as number) * TWO_TO_32 + (words[slot + 5] as number) - 1 + this.#baseOffset;
  }

  /** Where the key's slot begins, or the free one it would take. */
  #find(bytes: Uint8Array, at: number, sizeBytes: number): number {
    const hash = this.#hash;
    hash.hash(bytes, at, sizeBytes);
    const words = this.#words;
    const [h0, h1, h2, h3] = [hash.h0 >>> 0, hash.h1 >>> 0, hash.h2 >>> 0, hash.h3 >>> 0];
    let slot = (h0 % this.#slots) * WORDS;
    while (isTaken(words, slot)) {
      const isIt = words[slot] === h0 && words[slot + 1] === h1 && words[slot + 2] === h2 && words[slot + 3] === h3;
      if (isIt) break;
      slot += WORDS;
      if (slot === words.length) slot = 0;
    }
    return slot;
  }
}

function isTaken(words: Uint32Array, slot: number): boolean {
  return words[slot + 5] !== 0 || words[slot + 4] !== 0;
}
