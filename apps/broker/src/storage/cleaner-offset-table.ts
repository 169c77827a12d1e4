/** Memory of one entry: 128 bits of hash, 64 of offset, as Kafka counts log.cleaner.dedupe.buffer.size. */
const ENTRY_BYTES = 24;
const WORDS = ENTRY_BYTES / 4;
const TWO_TO_32 = 4_294_967_296;

/** One flat table of hashes and whole numbers: open addressing with linear probing. Whoever adds sees to it that a slot stays free. */
export class OffsetTable {
  readonly slots: number;
  /** A slot: four words of hash, then the number plus one, high and low; 0 is a free slot. */
  readonly #words: Int32Array;

  static slotsOf(memoryBytes: number): number {
    return Math.floor(memoryBytes / ENTRY_BYTES);
  }

  constructor(slots: number) {
    this.slots = slots;
    this.#words = new Int32Array(slots * WORDS);
  }

  get memoryBytes(): number {
    return this.#words.byteLength;
  }

  /** The slot that has the hash, else the free one it would take. */
  find(h0: number, h1: number, h2: number, h3: number): number {
    const words = this.#words;
    const { slots } = this;
    let slot = (h0 >>> 0) % slots;
    for (let at = slot * WORDS; ; at = slot * WORDS) {
      if (words[at + 5] === 0 && words[at + 4] === 0) return slot;
      if (words[at] === h0 && words[at + 1] === h1 && words[at + 2] === h2 && words[at + 3] === h3) return slot;
      slot += 1;
      if (slot === slots) slot = 0;
    }
  }

  isTaken(slot: number): boolean {
    return this.#words[slot * WORDS + 5] !== 0 || this.#words[slot * WORDS + 4] !== 0;
  }

  add(slot: number, h0: number, h1: number, h2: number, h3: number, value: number): void {
    const words = this.#words;
    const at = slot * WORDS;
    words[at] = h0;
    words[at + 1] = h1;
    words[at + 2] = h2;
    words[at + 3] = h3;
    this.set(slot, value);
  }

  set(slot: number, value: number): void {
    const high = Math.floor((value + 1) / TWO_TO_32);
    this.#words[slot * WORDS + 4] = high;
    this.#words[slot * WORDS + 5] = value + 1 - high * TWO_TO_32;
  }

  valueAt(slot: number): number {
    const at = slot * WORDS;
    return (this.#words[at + 4] as number) * TWO_TO_32 + ((this.#words[at + 5] as number) >>> 0) - 1;
  }

  /** Copies an entry of a smaller table, unless there is a later one of the same hash. */
  take(other: OffsetTable, slot: number): void {
    if (!other.isTaken(slot)) return;
    const words = other.#words;
    const at = slot * WORDS;
    const h0 = words[at] as number;
    const h1 = words[at + 1] as number;
    const h2 = words[at + 2] as number;
    const h3 = words[at + 3] as number;
    const into = this.find(h0, h1, h2, h3);
    if (!this.isTaken(into)) this.add(into, h0, h1, h2, h3, other.valueAt(slot));
  }

  /** Gives the memory back at once, without waiting for the garbage collector. */
  release(): void {
    const { buffer } = this.#words;
    if (buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0);
  }
}
