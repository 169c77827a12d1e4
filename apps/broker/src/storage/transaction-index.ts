import { int64At, setInt64 } from './fixed-width.ts';
import { IndexEntries } from './index-entries.ts';

/** int16 version 0, then producer id, first offset, last offset, last stable offset, each int64. */
export const TRANSACTION_INDEX_ENTRY_BYTES = 34;

/** An aborted transaction with data in this partition. */
export interface AbortedTransaction {
  readonly producerId: number;
  /** Of its first batch, which may lie in an earlier segment. */
  readonly firstOffset: number;
  /** Of the marker, which lies in the segment whose index this is. */
  readonly lastOffset: number;
  /** Where the oldest transaction still open at the marker began, else one past the marker. */
  readonly lastStableOffset: number;
}

/** A segment's `.txnindex`: the aborted transactions whose markers it holds, in the order of the markers. */
export class TransactionIndex {
  readonly #entries: IndexEntries;
  /** Bytes that the file surely holds as they are here. */
  savedBytes: number;
  /** Size of the file: above `savedBytes` after a truncation. */
  fileBytes: number;

  /** Takes over what a file holds; empty where there is none. */
  constructor(bytes: Uint8Array = new Uint8Array(0)) {
    this.#entries = new IndexEntries(TRANSACTION_INDEX_ENTRY_BYTES, bytes);
    this.savedBytes = this.#entries.sizeBytes;
    this.fileBytes = bytes.length;
  }

  get count(): number {
    return this.#entries.count;
  }
  /** As the file holds them, or should. */
  get bytes(): Uint8Array {
    return this.#entries.bytes;
  }
  get isSaved(): boolean {
    return this.savedBytes === this.#entries.sizeBytes && this.fileBytes === this.savedBytes;
  }

  append(transaction: AbortedTransaction): void {
    const at = this.#entries.grow();
    const bytes = this.#entries.storage;
    bytes[at] = 0;
    bytes[at + 1] = 0;
    setInt64(bytes, at + 2, transaction.producerId);
    setInt64(bytes, at + 10, transaction.firstOffset);
    setInt64(bytes, at + 18, transaction.lastOffset);
    setInt64(bytes, at + 26, transaction.lastStableOffset);
  }

  at(slot: number): AbortedTransaction | undefined {
    if (slot < 0 || slot >= this.count) return undefined;
    const bytes = this.bytes;
    const at = slot * TRANSACTION_INDEX_ENTRY_BYTES;
    return {
      producerId: int64At(bytes, at + 2),
      firstOffset: int64At(bytes, at + 10),
      lastOffset: int64At(bytes, at + 18),
      lastStableOffset: int64At(bytes, at + 26),
    };
  }

  /**
   * Adds to `found` what has records in [fromOffset, upToOffset). Says whether that is all there is: transactions whose markers lie
   * behind an entry that was stable up to `upToOffset` cannot begin below it.
   */
  collect(fromOffset: number, upToOffset: number, found: AbortedTransaction[]): boolean {
    for (let slot = this.#firstReaching(fromOffset); slot < this.count; slot += 1) {
      const transaction = this.at(slot) as AbortedTransaction;
      if (transaction.firstOffset < upToOffset) found.push(transaction);
      if (transaction.lastStableOffset >= upToOffset) return true;
    }
    return false;
  }

  /** Drops the transactions whose markers lie at or above `offset`. */
  truncateTo(offset: number): void {
    this.#entries.truncate(this.#firstReaching(offset));
    this.savedBytes = Math.min(this.savedBytes, this.#entries.sizeBytes);
  }

  /** Whether the file's entries can be what they claim to be: of version 0, in the order of their markers, within the segment. */
  isPlausible(baseOffset: number, endOffset: number): boolean {
    if (this.fileBytes % TRANSACTION_INDEX_ENTRY_BYTES !== 0) return false;
    let previous = baseOffset - 1;
    for (let slot = 0; slot < this.count; slot += 1) {
      const at = slot * TRANSACTION_INDEX_ENTRY_BYTES;
      const { producerId, firstOffset, lastOffset } = this.at(slot) as AbortedTransaction;
      if (this.bytes[at] !== 0 || this.bytes[at + 1] !== 0 || producerId < 0 || firstOffset < 0) return false;
      if (firstOffset >= lastOffset || lastOffset <= previous || lastOffset >= endOffset) return false;
      previous = lastOffset;
    }
    return true;
  }

  /** The slot of the first transaction whose marker lies at or above `offset`. */
  #firstReaching(offset: number): number {
    const bytes = this.bytes;
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (int64At(bytes, middle * TRANSACTION_INDEX_ENTRY_BYTES + 18) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
