import {
  baseSequence,
  BATCH_HEADER_BYTES,
  batchSizeBytes,
  decodeControlRecord,
  isControlBatch,
  isTransactional,
  lastOffsetDelta,
  maxTimestamp,
  NO_PRODUCER_ID,
  producerEpoch,
  producerId,
  RecordBatch,
} from '@ks/protocol';

/** What a batch says of the producer that wrote it. */
export interface ProducerBatch {
  readonly producerId: number;
  readonly producerEpoch: number;
  /** -1 in a marker. */
  readonly baseSequence: number;
  /** Records less one, as the producer sent them; compaction leaves it as it was. */
  readonly lastOffsetDelta: number;
  /** Milliseconds since the epoch; the broker's time where the batch carries LogAppendTime. */
  readonly maxTimestampMs: number;
  readonly isTransactional: boolean;
  /** Set in the control batch that ends a transaction. */
  readonly marker: TransactionMarker | undefined;
}

/** How a transaction ended. */
export interface TransactionMarker {
  readonly isCommit: boolean;
  readonly coordinatorEpoch: number;
}

/** Position of the producer id's first byte in a batch: its sign bit says whether there is a producer at all. */
const PRODUCER_ID_AT = 43;

/** Whether the whole batch at `at` was written by an idempotent or transactional producer, or ends a transaction. */
export function hasProducer(bytes: Uint8Array, at: number): boolean {
  return ((bytes[at + PRODUCER_ID_AT] as number) & 0x80) === 0;
}

/** Reads the whole batch at `at`; undefined where it has no producer, or is a control batch that ends no transaction. */
export function producerBatchAt(bytes: Uint8Array, at: number): ProducerBatch | undefined {
  if (producerId(bytes, at) <= NO_PRODUCER_ID) return undefined;
  const marker = isControlBatch(bytes, at) ? markerAt(bytes, at) : undefined;
  if (marker === undefined && isControlBatch(bytes, at)) return undefined;
  return {
    producerId: producerId(bytes, at),
    producerEpoch: producerEpoch(bytes, at),
    baseSequence: baseSequence(bytes, at),
    lastOffsetDelta: lastOffsetDelta(bytes, at),
    maxTimestampMs: maxTimestamp(bytes, at),
    isTransactional: isTransactional(bytes, at),
    marker,
  };
}

/** The marker in a control batch; undefined where it holds another control record, or none (a batch emptied by compaction). */
function markerAt(bytes: Uint8Array, at: number): TransactionMarker | undefined {
  const sizeBytes = batchSizeBytes(bytes, at);
  if (sizeBytes <= BATCH_HEADER_BYTES) return undefined;
  const batch = new RecordBatch(bytes.subarray(at, at + sizeBytes));
  for (const { key, value } of batch.records(batch.payload)) {
    const control = decodeControlRecord(key, value);
    if (control.type !== 'commit' && control.type !== 'abort') return undefined;
    return { isCommit: control.type === 'commit', coordinatorEpoch: control.coordinatorEpoch };
  }
  return undefined;
}
