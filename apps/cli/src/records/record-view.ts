/** A header as it lies in a record: order and duplicates count, a null value is legal. */
export interface HeaderView {
  readonly key: string;
  readonly value: Uint8Array | null;
}

/** One consumed record with everything that a format or the envelope can show. Bytes are as stored, before any decoding. */
export interface RecordView {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly leaderEpoch: number;
  /** Milliseconds since the Unix epoch, -1 if the record has none. */
  readonly timestampMs: number;
  readonly timestampType: 'create' | 'append';
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly HeaderView[];
  /** Attributes of the record's batch (record-batch v2, bits 0 to 6). */
  readonly batchAttributes: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly logStartOffset: number;
  readonly lastStableOffset: number;
  readonly highWatermark: number;
}
