import { decodeControlRecord, type RecordBatch } from '@ks/protocol';

/** A transaction that was given up, as Fetch tells of it. */
export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

/** Says of batch after batch, in their order, whether it belongs to a transaction that was aborted. */
export class AbortedTransactions {
  /** Those not reached yet, first one last. */
  readonly #ahead: AbortedTransaction[];
  readonly #open = new Set<number>();

  constructor(transactions: readonly AbortedTransaction[]) {
    this.#ahead = transactions.toSorted((a, b) => b.firstOffset - a.firstOffset);
  }

  isAborted(batch: RecordBatch): boolean {
    for (
      let next = this.#ahead.at(-1);
      next !== undefined && next.firstOffset <= batch.lastOffset;
      next = this.#ahead.at(-1)
    ) {
      this.#open.add(next.producerId);
      this.#ahead.pop();
    }
    if (!batch.isTransactional) return false;
    if (!batch.isControl) return this.#open.has(batch.producerId);
    const [marker] = batch.records(batch.payload);
    if (marker !== undefined && decodeControlRecord(marker.key, marker.value).type === 'abort')
      this.#open.delete(batch.producerId);
    return false;
  }
}
