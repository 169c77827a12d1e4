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
  /** Undefined where the batch goes altogether; the input's own bytes where nothing changed. */
  readonly bytes: Uint8Array | undefined;
  readonly recordsRead: number;
  readonly recordsKept: number;
}

/**
 * Leaves out what `verdict` does not keep. Base offset, last offset delta, sequence and epochs stay as they are; the greatest timestamp
 * is that of the records that stay. A batch that loses all its records but stays keeps its header alone.
 */
export function cleanBatch(
  batch: RecordBatch,
  verdict: BatchVerdict,
  codec: Codec,
  checksum: Checksum,
): CleanedBatch | Promise<CleanedBatch> {
  const recordsRead = batch.recordsCount;
  if (verdict.keeps === undefined || recordsRead === 0) {
    const bytes = verdict.staysEmpty ? emptied(batch, checksum) : undefined;
    return { bytes, recordsRead, recordsKept: 0 };
  }
  const plain = batch.decompress(codec, CLEANED_RECORDS_BYTES_MAX);
  if (plain instanceof Uint8Array) return cleanRecords(batch, plain, verdict, codec, checksum);
  return plain.then((records) => cleanRecords(batch, records, verdict, codec, checksum));
}

function cleanRecords(
  batch: RecordBatch,
  plain: Uint8Array,
  verdict: BatchVerdict,
  codec: Codec,
  checksum: Checksum,
): CleanedBatch | Promise<CleanedBatch> {
  const recordsRead = batch.recordsCount;
  const survey = surveyRecords(batch, plain, verdict);
  if (survey.kept === 0) {
    return { bytes: verdict.staysEmpty ? emptied(batch, checksum) : undefined, recordsRead, recordsKept: 0 };
  }
  const setsHorizon = survey.startsHorizon && !hasDeleteHorizon(batch.bytes, 0);
  if (survey.kept === recordsRead && !setsHorizon) return { bytes: batch.bytes, recordsRead, recordsKept: recordsRead };
  const baseTimestamp = setsHorizon ? verdict.deleteHorizonMs : batch.baseTimestamp;
  const shiftMs = batch.baseTimestamp - baseTimestamp;
  const records = copyKept(batch, plain, survey, shiftMs);
  const finish = (payload: Uint8Array): CleanedBatch => {
    const bytes = behindHeader(batch, payload);
    if (setsHorizon) setAttributes(bytes, 0, attributes(bytes, 0) | DELETE_HORIZON_BIT);
    setBaseTimestamp(bytes, 0, baseTimestamp);
    if (!batch.isLogAppendTime) setMaxTimestamp(bytes, 0, survey.maxTimestampMs);
    setRecordsCount(bytes, 0, survey.kept);
    sealBatch(bytes, 0, checksum);
    return { bytes, recordsRead, recordsKept: survey.kept };
  };
  const payload = codec.compress(batch.compression, records);
  return payload instanceof Uint8Array ? finish(payload) : payload.then(finish);
}

interface Survey {
  /** One for each record: whether it stays. */
  readonly isKept: Uint8Array;
  readonly kept: number;
  readonly startsHorizon: boolean;
  /** Of the records that stay. */
  readonly maxTimestampMs: number;
}

function surveyRecords(batch: RecordBatch, plain: Uint8Array, verdict: BatchVerdict): Survey {
  const { keeps } = verdict;
  const cursor = new RecordCursor(batch, plain);
  const isKept = new Uint8Array(batch.recordsCount);
  const { baseOffset } = batch;
  let kept = 0;
  let startsHorizon = false;
  let maxTimestampMs = -1;
  for (let index = 0; cursor.next(); index += 1) {
    const offset = baseOffset + cursor.offsetDelta;
    if (keeps?.(cursor, offset) !== true) continue;
    isKept[index] = 1;
    kept += 1;
    startsHorizon ||= verdict.startsHorizon(cursor);
    const timestampMs = batch.timestampOf(cursor.timestampDelta);
    if (timestampMs > maxTimestampMs) maxTimestampMs = timestampMs;
  }
  return { isKept, kept, startsHorizon, maxTimestampMs };
}

/** The records that stay, one after the other; their timestamp deltas grow by `shiftMs`. */
function copyKept(batch: RecordBatch, plain: Uint8Array, survey: Survey, shiftMs: number): Uint8Array {
  // A shifted delta takes up to nine bytes more, and the record's length up to one.
  const room = plain.length + (shiftMs === 0 ? 0 : survey.kept * 10);
  const into = new Uint8Array(room);
  const cursor = new RecordCursor(batch, plain);
  let at = 0;
  for (let index = 0; cursor.next(); index += 1) {
    if (survey.isKept[index] === 0) continue;
    at = shiftMs === 0 ? copyRecord(cursor, into, at) : writeShiftedRecord(cursor, into, at, shiftMs);
  }
  return into.subarray(0, at);
}

/** A copy of the batch's header before `payload`. */
function behindHeader(batch: RecordBatch, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(BATCH_HEADER_BYTES + payload.length);
  bytes.set(batch.bytes.subarray(0, BATCH_HEADER_BYTES));
  bytes.set(payload, BATCH_HEADER_BYTES);
  setBatchLength(bytes, 0, bytes.length - LOG_OVERHEAD_BYTES);
  return bytes;
}

/** The header alone: no records, so no codec and no delete horizon. */
function emptied(batch: RecordBatch, checksum: Checksum): Uint8Array {
  if (batch.recordsCount === 0) return batch.bytes;
  const bytes = behindHeader(batch, new Uint8Array(0));
  setAttributes(bytes, 0, attributes(bytes, 0) & ~(COMPRESSION_MASK | DELETE_HORIZON_BIT));
  setBaseTimestamp(bytes, 0, -1);
  setRecordsCount(bytes, 0, 0);
  sealBatch(bytes, 0, checksum);
  return bytes;
}
