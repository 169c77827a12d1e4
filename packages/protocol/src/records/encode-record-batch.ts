import type { RecordHeader } from './record.ts';
import { type BatchSeal, RecordBatchBuilder, recordSizeUpperBound } from './record-batch-builder.ts';

/** A record to be written. */
export interface RecordInput {
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly key?: Uint8Array | null;
  /** Null is a tombstone. */
  readonly value: Uint8Array | null;
  readonly headers?: readonly RecordHeader[];
  /** Where offsets have holes, as after compaction; each must be greater than the one before. */
  readonly offsetDelta?: number;
}

/** One v2 batch of `records`. A promise comes back only where the codec gives one. */
export function encodeRecordBatch(
  records: readonly RecordInput[],
  options: BatchSeal,
): Uint8Array | Promise<Uint8Array> {
  let expected = 61;
  for (const record of records) expected += recordSizeUpperBound(record.key ?? null, record.value, record.headers);
  const builder = new RecordBatchBuilder(expected);
  for (const record of records) {
    builder.append(record.timestamp, record.key ?? null, record.value, record.headers, record.offsetDelta);
  }
  return builder.seal(options);
}

/** The same without compression, at once. */
export function encodePlainRecordBatch(
  records: readonly RecordInput[],
  options: Omit<BatchSeal, 'compression' | 'codec'>,
): Uint8Array {
  const batch = encodeRecordBatch(records, { ...options, compression: 'none' });
  if (!(batch instanceof Uint8Array)) throw new TypeError('an uncompressed batch is sealed at once');
  return batch;
}
