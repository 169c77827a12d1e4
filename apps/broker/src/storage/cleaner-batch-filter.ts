import {
  attributes,
  BATCH_HEADER_BYTES,
  COMPRESSION_MASK,
  type Checksum,
  type Codec,
  DELETE_HORIZON_BIT,
  hasDeleteHorizon,
  LOG_OVERHEAD_BYTES,
  type RecordBatch,
  RecordCursor,
  sealBatch,
  setAttributes,
  setBaseTimestamp,
  setBatchLength,
  setMaxTimestamp,
  setRecordsCount,
} from '@ks/protocol';
import { copyRecord, writeShiftedRecord } from './cleaner-record-copy.ts';

/** Largest size of a batch's records once inflated. */
export const CLEANED_RECORDS_BYTES_MAX = 128 * 1024 * 1024;

/** What is to become of a batch. */
export interface BatchVerdict {
  /** Judges the record the cursor stands on. Undefined where every record goes. */
  readonly keeps: ((cursor: RecordCursor, offset: number) => boolean) | undefined;
  /** Whether the batch stays, without records, where none of them does: for its sequence numbers or its last offset. */
  readonly staysEmpty: boolean;
  /** Whether a kept record starts the wait for its removal: a tombstone in the cleaned part, a marker without data (KIP-534). */
  readonly startsHorizon: (cursor: RecordCursor) => boolean;
  /** The wait's end, milliseconds since the epoch. */
  readonly deleteHorizonMs: number;
}

/** A batch after cleaning. */
export interface CleanedBatch {
  /** Undefined where the batch goes altogether; the input's own bytes where nothing changed. Good until the next batch is cleaned. */
  readonly bytes: Uint8Array | undefined;
  readonly recordsRead: number;
  readonly recordsKept: number;
}

/** What was found out about a batch's records. */
interface Survey {
  readonly kept: number;
  readonly startsHorizon: boolean;
  /** Of the records that stay. */
  readonly maxTimestampMs: number;
}

/** Memory beyond this is for one large batch, and not kept. */
const SCRATCH_BYTES_MAX = 2 * 1024 * 1024;

/** Takes records out of batches, one batch after the other, in memory of its own. */
export class BatchFilter {
  readonly #codec: Codec;
  readonly #checksum: Checksum;
  /** A new batch is put together here. */
  #scratch = new Uint8Array(65_536);
  /** One for each record of the batch: whether it stays. */
  #isKept = new Uint8Array(4096);

  constructor(codec: Codec, checksum: Checksum) {
    this.#codec = codec;
    this.#checksum = checksum;
  }

  /**
   * Leaves out what `verdict` does not keep. Base offset, last offset delta, sequence and epochs stay as they are; the greatest
   * timestamp is that of the records that stay. A batch that loses all its records but stays keeps its header alone.
   */
  clean(batch: RecordBatch, verdict: BatchVerdict): CleanedBatch | Promise<CleanedBatch> {
    if (verdict.keeps === undefined || batch.recordsCount === 0) return this.#emptied(batch, verdict);
    const plain = batch.decompress(this.#codec, CLEANED_RECORDS_BYTES_MAX);
    if (plain instanceof Uint8Array) return this.#cleanRecords(batch, plain, verdict);
    return plain.then((records) => this.#cleanRecords(batch, records, verdict));
  }

  #cleanRecords(batch: RecordBatch, plain: Uint8Array, verdict: BatchVerdict): CleanedBatch | Promise<CleanedBatch> {
    const recordsRead = batch.recordsCount;
    const survey = this.#survey(batch, plain, verdict);
    if (survey.kept === 0) return this.#emptied(batch, verdict);
    const setsHorizon = survey.startsHorizon && !hasDeleteHorizon(batch.bytes, 0);
    if (survey.kept === recordsRead && !setsHorizon)
      return { bytes: batch.bytes, recordsRead, recordsKept: recordsRead };
    const baseTimestamp = setsHorizon ? verdict.deleteHorizonMs : batch.baseTimestamp;
    const recordsBytes = this.#copyKept(batch, plain, survey.kept, batch.baseTimestamp - baseTimestamp);
    const change = { ...survey, setsHorizon, baseTimestamp };
    if (batch.compression === 'none') return this.#seal(batch, recordsBytes, change);
    const records = this.#scratch.subarray(BATCH_HEADER_BYTES, BATCH_HEADER_BYTES + recordsBytes);
    const payload = this.#codec.compress(batch.compression, records);
    if (payload instanceof Uint8Array) return this.#sealCompressed(batch, payload, change);
    return payload.then((compressed) => this.#sealCompressed(batch, compressed, change));
  }

  #survey(batch: RecordBatch, plain: Uint8Array, verdict: BatchVerdict): Survey {
    const { keeps } = verdict;
    const cursor = new RecordCursor(batch, plain);
    const { baseOffset, recordsCount } = batch;
    if (this.#isKept.length < recordsCount) this.#isKept = new Uint8Array(recordsCount);
    let kept = 0;
    let startsHorizon = false;
    let maxTimestampMs = -1;
    for (let index = 0; cursor.next(); index += 1) {
      const isKept = keeps?.(cursor, baseOffset + cursor.offsetDelta) === true;
      this.#isKept[index] = isKept ? 1 : 0;
      if (!isKept) continue;
      kept += 1;
      startsHorizon ||= verdict.startsHorizon(cursor);
      const timestampMs = batch.timestampOf(cursor.timestampDelta);
      if (timestampMs > maxTimestampMs) maxTimestampMs = timestampMs;
    }
    return { kept, startsHorizon, maxTimestampMs };
  }

  /** The records that stay, one after the other, behind room for a header; their timestamp deltas grow by `shiftMs`. Gives their size. */
  #copyKept(batch: RecordBatch, plain: Uint8Array, kept: number, shiftMs: number): number {
    // A shifted delta takes up to nine bytes more, and the record's length up to one.
    this.#reserve(BATCH_HEADER_BYTES + plain.length + (shiftMs === 0 ? 0 : kept * 10));
    const into = this.#scratch;
    const cursor = new RecordCursor(batch, plain);
    let at = BATCH_HEADER_BYTES;
    for (let index = 0; cursor.next(); index += 1) {
      if (this.#isKept[index] === 0) continue;
      at = shiftMs === 0 ? copyRecord(cursor, into, at) : writeShiftedRecord(cursor, into, at, shiftMs);
    }
    return at - BATCH_HEADER_BYTES;
  }

  #sealCompressed(batch: RecordBatch, payload: Uint8Array, change: SealedChange): CleanedBatch {
    this.#reserve(BATCH_HEADER_BYTES + payload.length);
    this.#scratch.set(payload, BATCH_HEADER_BYTES);
    return this.#seal(batch, payload.length, change);
  }

  /** Puts the batch's header, brought up to date, in front of a payload that lies in the scratch already. */
  #seal(batch: RecordBatch, payloadBytes: number, change: SealedChange): CleanedBatch {
    const bytes = this.#headed(batch, payloadBytes);
    if (change.setsHorizon) setAttributes(bytes, 0, attributes(bytes, 0) | DELETE_HORIZON_BIT);
    setBaseTimestamp(bytes, 0, change.baseTimestamp);
    if (!batch.isLogAppendTime) setMaxTimestamp(bytes, 0, change.maxTimestampMs);
    setRecordsCount(bytes, 0, change.kept);
    sealBatch(bytes, 0, this.#checksum);
    return { bytes, recordsRead: batch.recordsCount, recordsKept: change.kept };
  }

  /** The header alone, where the batch stays: no records, so no codec and no delete horizon. */
  #emptied(batch: RecordBatch, { staysEmpty }: BatchVerdict): CleanedBatch {
    const recordsRead = batch.recordsCount;
    if (!staysEmpty) return { bytes: undefined, recordsRead, recordsKept: 0 };
    if (recordsRead === 0) return { bytes: batch.bytes, recordsRead, recordsKept: 0 };
    const bytes = this.#headed(batch, 0);
    setAttributes(bytes, 0, attributes(bytes, 0) & ~(COMPRESSION_MASK | DELETE_HORIZON_BIT));
    setBaseTimestamp(bytes, 0, -1);
    setRecordsCount(bytes, 0, 0);
    sealBatch(bytes, 0, this.#checksum);
    return { bytes, recordsRead, recordsKept: 0 };
  }

  #headed(batch: RecordBatch, payloadBytes: number): Uint8Array {
    const bytes = this.#scratch.subarray(0, BATCH_HEADER_BYTES + payloadBytes);
    bytes.set(batch.bytes.subarray(0, BATCH_HEADER_BYTES));
    setBatchLength(bytes, 0, bytes.length - LOG_OVERHEAD_BYTES);
    return bytes;
  }

  /** Room for `sizeBytes`; what is in the scratch is lost where it has to be made anew. */
  #reserve(sizeBytes: number): void {
    const isLarge = this.#scratch.length > SCRATCH_BYTES_MAX && sizeBytes <= SCRATCH_BYTES_MAX;
    if (sizeBytes > this.#scratch.length || isLarge) this.#scratch = new Uint8Array(Math.max(sizeBytes, 65_536));
  }
}

interface SealedChange extends Survey {
  readonly setsHorizon: boolean;
  readonly baseTimestamp: number;
}
