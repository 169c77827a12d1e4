import { BATCH_HEADER_BYTES, type RecordInput, recordSizeUpperBound } from '@ks/protocol';
import type { Ticket } from '../core/replicated-state.ts';

/** An upper bound of what a record takes in a batch. */
export function recordSizeBytesMax(record: RecordInput): number {
  return recordSizeUpperBound(record.key ?? null, record.value, record.headers);
}

/** Records that one append will take, and what waits for them to be committed. */
export class PendingBatch<Reply, Effect> {
  /** Offset of its first record, were it appended now. */
  readonly baseOffset: number;
  readonly records: RecordInput[] = [];
  readonly answers: { readonly ticket: Ticket; readonly reply: Reply }[] = [];
  readonly whenCommitted: Effect[] = [];
  readonly whenFailed: Effect[] = [];
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

  fits(sizeBytes: number, maxBatchBytes: number): boolean {
    return sizeBytes === 0 || this.#sizeBytes + sizeBytes <= maxBatchBytes;
  }

  add(
    records: readonly RecordInput[],
    sizeBytes: number,
    whenCommitted: readonly Effect[],
    whenFailed: readonly Effect[],
  ): void {
    this.records.push(...records);
    this.#sizeBytes += sizeBytes;
    this.whenCommitted.push(...whenCommitted);
    this.whenFailed.push(...whenFailed);
  }
}
