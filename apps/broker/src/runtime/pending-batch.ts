import { BATCH_HEADER_BYTES, type RecordInput, recordSizeUpperBound } from '@ks/protocol';
import type { Ticket, TransactionalProducer } from '../core/replicated-state.ts';

/** An upper bound of what a record takes in a batch. */
export function recordSizeBytesMax(record: RecordInput): number {
  return recordSizeUpperBound(record.key ?? null, record.value, record.headers);
}

const NO_PRODUCER: TransactionalProducer = { producerId: -1, producerEpoch: -1 };

/** Records that one append will take, and what waits for them to be committed. */
export class PendingBatch<Reply, Effect> {
  /** Offset of its first record, were it appended now. */
  readonly baseOffset: number;
  readonly records: RecordInput[] = [];
  readonly answers: { readonly ticket: Ticket; readonly reply: Reply }[] = [];
  readonly whenCommitted: Effect[] = [];
  readonly whenFailed: Effect[] = [];
  /** Whose transaction the records belong to. */
  producer: TransactionalProducer | undefined;
  #sizeBytes = BATCH_HEADER_BYTES;

  constructor(baseOffset: number) {
    this.baseOffset = baseOffset;
  }

  get isEmpty(): boolean {
    return this.records.length === 0;
  }

  get nextOffset(): number {
    return this.baseOffset + this.records.length;
  }

  /** Whether records of that size and producer may go into this batch: one batch is of one producer, or of none. */
  fits(sizeBytes: number, maxBatchBytes: number, producer?: TransactionalProducer): boolean {
    if (sizeBytes === 0) return true;
    if (this.#sizeBytes + sizeBytes > maxBatchBytes) return false;
    const { producerId, producerEpoch } = this.producer ?? NO_PRODUCER;
    const of = producer ?? NO_PRODUCER;
    return this.isEmpty || (producerId === of.producerId && producerEpoch === of.producerEpoch);
  }

  add(
    records: readonly RecordInput[],
    sizeBytes: number,
    whenCommitted: readonly Effect[],
    whenFailed: readonly Effect[],
    producer?: TransactionalProducer,
  ): void {
    if (records.length > 0) this.producer = producer;
    this.records.push(...records);
    this.#sizeBytes += sizeBytes;
    this.whenCommitted.push(...whenCommitted);
    this.whenFailed.push(...whenFailed);
  }
}
