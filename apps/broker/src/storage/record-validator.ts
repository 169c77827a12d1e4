import { type Core, type RecordsScan, RecordsScanStatus } from '@ks/core-wasm';
import {
  BATCH_HEADER_BYTES,
  baseOffset,
  baseSequence,
  baseTimestamp,
  batchSizeBytes,
  CodecError,
  compressionId,
  compressionIdOf,
  compressionTypes,
  ErrorCode,
  isBatchCrcValid,
  isControlBatch,
  isTransactional,
  LOG_OVERHEAD_BYTES,
  lastOffsetDelta,
  MAGIC_END_BYTES,
  magic,
  producerEpoch,
  producerId,
  RECORD_BATCH_MAGIC,
  recordsCount,
} from '@ks/protocol';
import type { Codec } from '../ports/codec.ts';
import type { LogConfig } from './log-config.ts';
import { recompress } from './recompress.ts';
import { findRefusedRecords, type RefusedRecord } from './refused-records.ts';

export interface ValidationRules {
  /** `coordinator`: the broker's own records; control batches and null keys in compacted topics are allowed. */
  readonly origin: 'client' | 'coordinator';
  /** Produce version the batch came by; zstd needs 7. */
  readonly apiVersion: number;
  readonly config: LogConfig;
  /** Where the batch goes, for messages. */
  readonly partition?: { readonly topic: string; readonly partitionIndex: number };
  /** Wall time that record timestamps are compared with. */
  readonly nowMs: number;
  /** Largest size of a batch's records once inflated. */
  readonly inflatedBytesMax: number;
}

/** What an append needs to know of a valid batch. */
export interface BatchFacts {
  readonly valid: true;
  /** What is to be appended in place of what came: the batch under the topic's codec (compression.type). */
  readonly recompressed: Uint8Array | undefined;
  readonly sizeBytes: number;
  readonly recordsCount: number;
  /** Greatest record timestamp, -1 where no record has one. */
  readonly maxTimestampMs: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly isTransactional: boolean;
  readonly isControl: boolean;
}

/** Why a batch is refused. */
export interface BatchRefusal {
  readonly valid: false;
  /** A Kafka error code. */
  readonly errorCode: number;
  readonly message: string;
  /** The offending records (KIP-467), by index in the batch; a thousand at most. */
  readonly recordErrors: readonly RefusedRecord[];
}

export type BatchValidation = BatchFacts | BatchRefusal;

/** Checks batches by the rules of a 4.x broker. */
export interface RecordValidator {
  /**
   * Checks one partition's records of a Produce request: exactly one batch of magic 2, sound in every length, count and checksum, within
   * the topic's limits. Reads in place and keeps nothing. A promise only where the batch has to be inflated on another thread; the bytes
   * may change after the call all the same. Never throws or rejects for what the bytes hold.
   */
  validate(records: Uint8Array | null, rules: ValidationRules): BatchValidation | Promise<BatchValidation>;
}

export function createRecordValidator(core: Core, codec: Codec): RecordValidator {
  return {
    validate(records, rules) {
      const refusal = judgeFrame(records, rules) ?? judgeHeader(records as Uint8Array, rules, core);
      if (refusal !== undefined || records === null) return refusal ?? noBatch();
      return judgeRecords(records, rules, core, codec);
    },
  };
}

const ZSTD_ID = 4;
const ZSTD_MIN_PRODUCE_VERSION = 7;
/** A record takes at least seven bytes: length, attributes, two deltas, key and value length, header count. */
const RECORD_BYTES_MIN = 7;

/** The bytes must be one whole batch of magic 2, of a size that is allowed. */
function judgeFrame(records: Uint8Array | null, rules: ValidationRules): BatchRefusal | undefined {
  if (records === null || records.length === 0) return noBatch();
  if (records.length < MAGIC_END_BYTES) return refuse(ErrorCode.CORRUPT_MESSAGE, 'The record batch is cut off.');
  const version = magic(records, 0);
  if (version < 0 || version > RECORD_BATCH_MAGIC) {
    return refuse(ErrorCode.CORRUPT_MESSAGE, `Invalid magic found in record: ${version}`);
  }
  if (version !== RECORD_BATCH_MAGIC) {
    return refuse(
      ErrorCode.INVALID_RECORD,
      `Produce requests with version ${rules.apiVersion} are only allowed to contain record batches with magic version 2.`,
    );
  }
  const sizeBytes = batchSizeBytes(records, 0);
  if (sizeBytes < BATCH_HEADER_BYTES || sizeBytes > records.length) {
    return refuse(
      ErrorCode.CORRUPT_MESSAGE,
      `The record batch claims ${sizeBytes - LOG_OVERHEAD_BYTES} bytes after its length, but ${records.length - LOG_OVERHEAD_BYTES} are there.`,
    );
  }
  if (sizeBytes < records.length) {
    return refuse(
      ErrorCode.INVALID_RECORD,
      `Produce requests with version ${rules.apiVersion} must contain exactly one record batch per partition.`,
    );
  }
  return judgeSize(sizeBytes, rules.config);
}

function judgeSize(sizeBytes: number, config: LogConfig): BatchRefusal | undefined {
  if (sizeBytes > config.maxMessageBytes) {
    return refuse(
      ErrorCode.MESSAGE_TOO_LARGE,
      `The record batch size is ${sizeBytes} bytes, which exceeds the maximum configured value of ${config.maxMessageBytes}.`,
    );
  }
  if (sizeBytes > config.segmentBytes) {
    return refuse(
      ErrorCode.RECORD_LIST_TOO_LARGE,
      `The record batch size is ${sizeBytes} bytes, which exceeds the maximum configured segment size of ${config.segmentBytes}.`,
    );
  }
  return undefined;
}

/** The header must be true (CRC) and consistent with itself and with what a client may send. */
function judgeHeader(batch: Uint8Array, rules: ValidationRules, core: Core): BatchRefusal | undefined {
  if (!isBatchCrcValid(batch, 0, core)) {
    return refuse(ErrorCode.CORRUPT_MESSAGE, 'Record is corrupt: the checksum does not match.');
  }
  const compression = compressionId(batch, 0);
  if (compression >= compressionTypes.length)
    return refuse(ErrorCode.INVALID_RECORD, `Unknown compression type ${compression}.`);
  if (compression === ZSTD_ID && rules.origin === 'client' && rules.apiVersion < ZSTD_MIN_PRODUCE_VERSION) {
    return refuse(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, `zstd needs Produce version ${ZSTD_MIN_PRODUCE_VERSION}.`);
  }
  const count = recordsCount(batch, 0);
  const lastDelta = lastOffsetDelta(batch, 0);
  if (count <= 0) return refuse(ErrorCode.INVALID_RECORD, `Invalid reported count for record batch: ${count}.`);
  if (lastDelta !== count - 1) {
    return refuse(
      ErrorCode.INVALID_RECORD,
      `Inconsistent batch offset range [${baseOffset(batch, 0)}, ${baseOffset(batch, 0) + lastDelta}] and count of records ${count}.`,
    );
  }
  return judgeOrigin(batch, rules);
}

function judgeOrigin(batch: Uint8Array, rules: ValidationRules): BatchRefusal | undefined {
  if (isControlBatch(batch, 0) && rules.origin === 'client') {
    return refuse(ErrorCode.INVALID_RECORD, 'Clients are not allowed to write control records.');
  }
  if (producerId(batch, 0) >= 0 && baseSequence(batch, 0) < 0 && rules.origin === 'client') {
    return refuse(
      ErrorCode.INVALID_RECORD,
      `Invalid sequence number ${baseSequence(batch, 0)} in a batch with a producer id.`,
    );
  }
  return undefined;
}

function judgeRecords(
  batch: Uint8Array,
  rules: ValidationRules,
  core: Core,
  codec: Codec,
): BatchValidation | Promise<BatchValidation> {
  const payload = batch.subarray(BATCH_HEADER_BYTES);
  const type = compressionTypes[compressionId(batch, 0)] ?? 'none';
  let kept = batch;
  const judge = (plain: Uint8Array) => judgeInflated(kept, plain, rules, core, codec);
  if (type === 'none') return judge(payload);
  try {
    const verdict = codec.inspect(type, payload, rules.inflatedBytesMax, judge);
    if (!(verdict instanceof Promise)) return verdict;
    // The caller's bytes may change from now on.
    kept = batch.slice();
    return verdict.catch(refuseCodecError);
  } catch (error) {
    return refuseCodecError(error);
  }
}

/** Checks the records, then brings them under the topic's codec where that is another than theirs. */
function judgeInflated(
  batch: Uint8Array,
  plain: Uint8Array,
  rules: ValidationRules,
  core: Core,
  codec: Codec,
): BatchValidation | Promise<BatchValidation> {
  const verdict = judgePlain(batch, plain, rules, core);
  const { compressionType: target, compressionLevel: level } = rules.config;
  const isKept = target === 'producer' || compressionIdOf(target) === compressionId(batch, 0);
  if (!verdict.valid || isKept || rules.origin !== 'client') return verdict;
  const made = recompress(batch, plain, { target, level, codec, checksum: core });
  const accept = (recompressed: Uint8Array): BatchValidation =>
    judgeSize(recompressed.length, rules.config) ?? { ...verdict, recompressed, sizeBytes: recompressed.length };
  return made instanceof Promise ? made.then(accept) : accept(made);
}

function judgePlain(batch: Uint8Array, plain: Uint8Array, rules: ValidationRules, core: Core): BatchValidation {
  const count = recordsCount(batch, 0);
  if (count * RECORD_BYTES_MIN > plain.length) return badRecords(`${count} records do not fit ${plain.length} bytes`);
  const scan = core.scanRecords(plain, count);
  if (scan.status !== RecordsScanStatus.OK) return badRecords(`record ${scan.recordIndex} is malformed`);
  if (!scan.offsetDeltasSequential) return badRecords('inner record offsets are not incremental');
  const refusal = judgeKeysAndTimes(batch, plain, rules, scan);
  return refusal ?? factsOf(batch, scan);
}

/** What a topic's config demands of each record. Bad ones are looked up one by one only once it is known that there are some. */
function judgeKeysAndTimes(
  batch: Uint8Array,
  plain: Uint8Array,
  rules: ValidationRules,
  scan: RecordsScan,
): BatchRefusal | undefined {
  const { config, nowMs, origin } = rules;
  if (origin !== 'client') return undefined;
  const base = baseTimestamp(batch, 0);
  const checksTime = config.messageTimestampType === 'CreateTime';
  const earliestMs = checksTime ? nowMs - config.messageTimestampBeforeMaxMs : Number.NEGATIVE_INFINITY;
  const latestMs = checksTime ? nowMs + config.messageTimestampAfterMaxMs : Number.POSITIVE_INFINITY;
  const areTimesFine = base + scan.maxTimestampDelta <= latestMs && base + scan.minTimestampDelta >= earliestMs;
  const needsKeys = config.cleanupPolicy.compact;
  if (areTimesFine && !(needsKeys && scan.nullKeys > 0)) return undefined;
  const { count, records } = findRefusedRecords(batch, plain, { needsKeys, earliestMs, latestMs }, rules.partition);
  const [first] = records;
  if (first === undefined) return undefined;
  if (first.reason === 'timestamp') {
    const message = 'One or more records have been rejected due to invalid timestamp';
    return { ...refuse(ErrorCode.INVALID_TIMESTAMP, message), recordErrors: records };
  }
  const shown = records
    .slice(0, 3)
    .map((each) => `RecordError(batchIndex=${each.batchIndex}, message='${each.message}')`);
  const message = `One or more records have been rejected due to ${count} record errors in total, and only showing the first three errors at most: [${shown.join(', ')}]`;
  return { ...refuse(ErrorCode.INVALID_RECORD, message), recordErrors: records };
}

function factsOf(batch: Uint8Array, scan: RecordsScan): BatchFacts {
  const base = baseTimestamp(batch, 0);
  // Also where the batch says LogAppendTime: that is the broker's to say.
  const greatest = base + scan.maxTimestampDelta;
  return {
    valid: true,
    recompressed: undefined,
    sizeBytes: batch.length,
    recordsCount: recordsCount(batch, 0),
    maxTimestampMs: Math.min(Math.max(greatest, -1), Number.MAX_SAFE_INTEGER),
    producerId: producerId(batch, 0),
    producerEpoch: producerEpoch(batch, 0),
    baseSequence: baseSequence(batch, 0),
    isTransactional: isTransactional(batch, 0),
    isControl: isControlBatch(batch, 0),
  };
}

function noBatch(): BatchRefusal {
  return refuse(ErrorCode.INVALID_RECORD, 'Produce requests must have at least one record batch per partition.');
}

function badRecords(message: string): BatchRefusal {
  return refuse(ErrorCode.INVALID_RECORD, `The record batch is malformed: ${message}.`);
}

function refuseCodecError(error: unknown): BatchRefusal {
  if (!(error instanceof CodecError)) throw error;
  switch (error.code) {
    case 'TOO_LARGE':
      return refuse(ErrorCode.MESSAGE_TOO_LARGE, 'The records inflate to more bytes than are allowed.');
    case 'UNSUPPORTED':
      return refuse(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, `The compressed records cannot be read: ${error.message}`);
    case 'CORRUPT':
      return refuse(ErrorCode.CORRUPT_MESSAGE, `The compressed records are corrupt: ${error.message}`);
  }
}

function refuse(errorCode: number, message: string): BatchRefusal {
  return { valid: false, errorCode, message, recordErrors: [] };
}
