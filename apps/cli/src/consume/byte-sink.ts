/** Bytes gathered into one piece, so that a batch of records is one write. */
export class ByteSink {
  #bytes: Uint8Array;
  #sizeBytes = 0;

  /** `capacityBytes` is what is expected; it grows where there is more. */
  constructor(capacityBytes: number) {
    this.#bytes = new Uint8Array(capacityBytes);
  }

  append(bytes: Uint8Array): void {
    const end = this.#sizeBytes + bytes.length;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, this.#sizeBytes));
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, this.#sizeBytes);
    this.#sizeBytes = end;
  }

  /** All that was appended, as a view; the sink is done with then. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#sizeBytes);
  }
}
