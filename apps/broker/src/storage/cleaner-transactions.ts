import { decodeControlRecord, type RecordBatch } from '@ks/protocol';
import type { AbortedTransaction } from './transaction-index.ts';

interface OpenAborted {
  readonly transaction: AbortedTransaction;
  /** Whether a batch of it was seen: its marker must stay as long as that. */
  isSeen: boolean;
}

/**
 * Which transaction each batch belongs to, while a log is gone through from front to back: a cleaner removes the data of aborted
 * ones, and the markers of those whose data is gone.
 */
export class CleanedTransactions {
  /** By first offset; those before `#next` have begun. */
  readonly #aborted: readonly AbortedTransaction[];
  #next = 0;
  readonly #openAborted = new Map<number, OpenAborted>();
  /** Producers with committed data that no marker has ended yet. */
  readonly #openCommitted = new Set<number>();

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#aborted = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset);
  }

  /** Takes note of a batch of data; says whether it was aborted. */
  isAborted(batch: RecordBatch): boolean {
    this.#advance(batch.lastOffset);
    if (!batch.isTransactional) return false;
    const aborted = this.#openAborted.get(batch.producerId);
    const isWithin =
      aborted !== undefined &&
      batch.baseOffset >= aborted.transaction.firstOffset &&
      batch.lastOffset < aborted.transaction.lastOffset;
    if (isWithin) aborted.isSeen = true;
    else this.#openCommitted.add(batch.producerId);
    return isWithin;
  }

  /** Takes note of a control batch, given its one record where it still has it. */
  end(batch: RecordBatch): EndedTransaction {
    this.#advance(batch.lastOffset);
    const [record] = batch.records(batch.payload);
    // A marker without its record was kept for its producer's epoch alone.
    if (record === undefined) return { isMarker: true, isEmptied: true, aborted: undefined };
    const { type } = decodeControlRecord(record.key, record.value);
    if (type === 'commit') {
      return { isMarker: true, isEmptied: !this.#openCommitted.delete(batch.producerId), aborted: undefined };
    }
    if (type !== 'abort') return { isMarker: false, isEmptied: false, aborted: undefined };
    const open = this.#openAborted.get(batch.producerId);
    this.#openAborted.delete(batch.producerId);
    const isEmptied = open?.isSeen !== true || open.transaction.lastOffset !== batch.lastOffset;
    return { isMarker: true, isEmptied, aborted: isEmptied ? undefined : open.transaction };
  }

  #advance(offset: number): void {
    for (let next = this.#aborted[this.#next]; next !== undefined && next.firstOffset <= offset; ) {
      this.#openAborted.set(next.producerId, { transaction: next, isSeen: false });
      this.#next += 1;
      next = this.#aborted[this.#next];
    }
  }
}

/** What a control batch ended. */
export interface EndedTransaction {
  /** False for control records that end no transaction: those stay. */
  readonly isMarker: boolean;
  /** Whether no data of the transaction was left before the marker. */
  readonly isEmptied: boolean;
  /** The entry that the transaction index keeps. */
  readonly aborted: AbortedTransaction | undefined;
}
