const SMALLEST_ENTRIES = 16;

/** Fixed-size entries of an index, in memory, exactly as the file has them. */
export class IndexEntries {
  readonly entryBytes: number;
  #bytes: Uint8Array;
  #count: number;

  /** Takes `bytes` over; a piece of an entry at the end is left out. */
  constructor(entryBytes: number, bytes: Uint8Array) {
    this.entryBytes = entryBytes;
    this.#bytes = bytes;
    this.#count = Math.floor(bytes.length / entryBytes);
  }

  get count(): number {
    return this.#count;
  }

  get sizeBytes(): number {
    return this.#count * this.entryBytes;
  }

  /** The entries; a view that holds until the next change. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.sizeBytes);
  }

  /** Makes room for one more entry and returns where it goes in `storage`. */
  grow(): number {
    const at = this.sizeBytes;
    if (at + this.entryBytes > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(SMALLEST_ENTRIES, this.#count * 2) * this.entryBytes);
      larger.set(this.bytes);
      this.#bytes = larger;
    }
    this.#count += 1;
    return at;
  }

  /** The bytes to write a new entry into, valid until the next `grow`. */
  get storage(): Uint8Array {
    return this.#bytes;
  }

  /** Keeps the first `count` entries. */
  truncate(count: number): void {
    this.#count = Math.min(this.#count, Math.max(0, count));
  }
}
