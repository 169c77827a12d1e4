const BLOCK_BYTES = 65_536;
const SMALLEST_BYTES = 256;
const NOTHING = new Uint8Array(0);

/** The contents of a file in memory: blocks, so that growing copies nothing. Holes read as zeros. */
export class ByteStore {
  #blocks: (Uint8Array | undefined)[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Reads into all of `into`, fewer bytes only at the end. Returns how many. */
  read(into: Uint8Array, position: number): number {
    const length = Math.max(0, Math.min(into.length, this.#size - position));
    for (let done = 0; done < length; ) {
      const at = (position + done) % BLOCK_BYTES;
      const count = Math.min(length - done, BLOCK_BYTES - at);
      const stored = this.#blocks[Math.floor((position + done) / BLOCK_BYTES)]?.subarray(at, at + count) ?? NOTHING;
      into.set(stored, done);
      into.fill(0, done + stored.length, done + count);
      done += count;
    }
    return length;
  }

  write(bytes: Uint8Array, position: number): void {
    for (let done = 0; done < bytes.length; ) {
      const at = (position + done) % BLOCK_BYTES;
      const count = Math.min(bytes.length - done, BLOCK_BYTES - at);
      const block = this.#blockAt(Math.floor((position + done) / BLOCK_BYTES), at + count);
      block.set(bytes.subarray(done, done + count), at);
      done += count;
    }
    this.#size = Math.max(this.#size, position + bytes.length);
  }

  /** Cuts off, or grows with zeros. */
  truncate(size: number): void {
    if (size < this.#size) {
      this.#blocks.length = Math.min(this.#blocks.length, Math.ceil(size / BLOCK_BYTES));
      this.#blocks[Math.floor(size / BLOCK_BYTES)]?.fill(0, size % BLOCK_BYTES);
    }
    this.#size = size;
  }

  copy(): ByteStore {
    const copy = new ByteStore();
    copy.#blocks = this.#blocks.map((block) => block?.slice());
    copy.#size = this.#size;
    return copy;
  }

  /** The block, with room for its first `neededBytes`: small files stay small. */
  #blockAt(index: number, neededBytes: number): Uint8Array {
    const block = this.#blocks[index];
    if (block !== undefined && block.length >= neededBytes) return block;
    const larger = new Uint8Array(Math.min(BLOCK_BYTES, Math.max(SMALLEST_BYTES, neededBytes * 2)));
    if (block !== undefined) larger.set(block);
    this.#blocks[index] = larger;
    return larger;
  }
}
