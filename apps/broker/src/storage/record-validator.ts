import { type Core, type RecordsScan, RecordsScanStatus } from '@ks/core-wasm';
import {
  BATCH_HEADER_BYTES,
  baseSequence,
  baseTimestamp,
  batchSizeBytes,
  CodecError,
  compressionId,
  compressionTypes,
  ErrorCode,
  hasDeleteHorizon,
  isBatchCrcValid,
  isControlBatch,
  isTransactional,
  lastOffsetDelta,
  magic,
  producerEpoch,
  producerId,
  RECORD_BATCH_MAGIC,
  recordsCount,
} from '@ks/protocol';
import type { Codec } from '../ports/codec.ts';
import type { LogConfig } from './log-config.ts';

export interface ValidationRules {
  /** `coordinator`: the broker's own records; control batches and null keys in compacted topics are allowed. */
  readonly origin: 'client' | 'coordinator';
  /** Produce version the batch came by; zstd needs 7. */
  readonly apiVersion: number;
  readonly config: LogConfig;
  /** Wall time that record timestamps are compared with. */
  readonly nowMs: number;
  /** Largest size of a batch's records once inflated. */
  readonly inflatedBytesMax: number;
}

/** What an append needs to know of a valid batch. */
export interface BatchFacts {
  readonly valid: true;
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
  /** The offending records (KIP-467), by index in the batch; a few at most. */
  readonly recordErrors: readonly { readonly batchIndex: number; readonly message: string }[];
}

export type BatchValidation = BatchFacts | BatchRefusal;

/** Checks batches by the rules of a 4.x broker. */
export interface RecordValidator {
  /**
   * Checks one partition's records of a Produce request: exactly one batch of magic 2, sound in every length, count and checksum, within
   * the topic's limits. Reads in place and keeps nothing. A promise only where the batch has to be inflated on another thread; the bytes
   * must stay until it settles. Never throws or rejects for what the bytes hold.
   */
  validate(records: Uint8Array | null, rules: ValidationRules): BatchValidation | Promise<BatchValidation>;
}

const ZSTD_ID = 4;
/** Produce version from which a client is known to understand zstd. */
const zstdSince = 7;

/** Makes a validator over the core that checks bytes in place and the codec that inflates. */
export function createRecordValidator(core: Core, codec: Codec): RecordValidator {
  return {
    validate(records, rules) {
      const refusal = headerRefusal(core, records, rules);
      if (records === null || refusal !== undefined)
        return refusal ?? refuse(ErrorCode.INVALID_RECORD, 'no record batch');
      const body = records.subarray(BATCH_HEADER_BYTES);
      const id = compressionId(records, 0);
      const type = compressionTypes[id];
      if (id === 0 || type === undefined)
        return judge(records, core.scanRecords(body, recordsCount(records, 0)), rules);
      const judged = (inflated: Uint8Array): BatchValidation =>
        judge(records, core.scanRecords(inflated, recordsCount(records, 0)), rules);
      try {
        const inflated = codec.decompress(type, body, rules.inflatedBytesMax);
        return inflated instanceof Uint8Array ? judged(inflated) : inflated.then(judged).catch(inflateRefusal);
      } catch (error) {
        return inflateRefusal(error);
      }
    },
  };
}

function refuse(errorCode: number, message: string): BatchRefusal {
  return { valid: false, errorCode, message, recordErrors: [] };
}

/** What the header alone can tell: one whole batch of magic 2 that is what its checksum says. */
function headerRefusal(core: Core, records: Uint8Array | null, rules: ValidationRules): BatchRefusal | undefined {
  if (records === null || records.length === 0) return refuse(ErrorCode.INVALID_RECORD, 'there is no record batch');
  if (records.length < BATCH_HEADER_BYTES)
    return refuse(ErrorCode.CORRUPT_MESSAGE, 'the batch is shorter than its header');
  if (magic(records, 0) !== RECORD_BATCH_MAGIC) {
    return refuse(ErrorCode.INVALID_RECORD, `magic ${magic(records, 0)}, where only ${RECORD_BATCH_MAGIC} is taken`);
  }
  const sizeBytes = batchSizeBytes(records, 0);
  if (sizeBytes < BATCH_HEADER_BYTES || sizeBytes > records.length) {
    return refuse(ErrorCode.CORRUPT_MESSAGE, `the batch claims ${sizeBytes} bytes, ${records.length} are there`);
  }
  if (sizeBytes < records.length) return refuse(ErrorCode.INVALID_RECORD, 'more than one record batch');
  if (sizeBytes > rules.config.maxMessageBytes) {
    return refuse(
      ErrorCode.MESSAGE_TOO_LARGE,
      `${sizeBytes} bytes, max.message.bytes is ${rules.config.maxMessageBytes}`,
    );
  }
  if (!isBatchCrcValid(records, 0, core)) {
    return refuse(ErrorCode.CORRUPT_MESSAGE, 'the checksum does not match');
  }
  return fieldsRefusal(records, rules);
}

/** Fields of a header whose checksum is right. */
function fieldsRefusal(records: Uint8Array, rules: ValidationRules): BatchRefusal | undefined {
  const count = recordsCount(records, 0);
  if (count <= 0) return refuse(ErrorCode.INVALID_RECORD, `a batch of ${count} records`);
  if (lastOffsetDelta(records, 0) !== count - 1) {
    return refuse(
      ErrorCode.INVALID_RECORD,
      `${count} records, but the last offset delta is ${lastOffsetDelta(records, 0)}`,
    );
  }
  const id = compressionId(records, 0);
  if (id >= compressionTypes.length) return refuse(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, `unknown codec ${id}`);
  if (id === ZSTD_ID && rules.apiVersion < zstdSince) {
    return refuse(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, `zstd needs Produce ${zstdSince} or newer`);
  }
  if (rules.origin === 'client' && isControlBatch(records, 0)) {
    return refuse(ErrorCode.INVALID_RECORD, 'clients may not write control batches');
  }
  if (rules.origin === 'client' && hasDeleteHorizon(records, 0)) {
    return refuse(ErrorCode.INVALID_RECORD, 'clients may not set a delete horizon');
  }
  return undefined;
}

/** What the scan of the records says about the batch. */
function judge(records: Uint8Array, scan: RecordsScan, rules: ValidationRules): BatchValidation {
  if (scan.status !== RecordsScanStatus.OK) {
    return refuse(ErrorCode.CORRUPT_MESSAGE, `record ${scan.recordIndex} breaks the format (${scan.status})`);
  }
  if (!scan.offsetDeltasSequential) return refuse(ErrorCode.INVALID_RECORD, 'offset deltas are not 0, 1, 2 and so on');
  if (rules.origin === 'client' && rules.config.cleanupPolicy.compact && scan.nullKeys > 0) {
    return refuse(ErrorCode.INVALID_RECORD, `${scan.nullKeys} records without a key in a compacted topic`);
  }
  const base = baseTimestamp(records, 0);
  const maxTimestampMs = base < 0 ? -1 : base + scan.maxTimestampDelta;
  const { config, nowMs } = rules;
  if (config.messageTimestampType === 'CreateTime' && base >= 0) {
    const tooOld = nowMs - (base + scan.minTimestampDelta) > config.messageTimestampBeforeMaxMs;
    const tooNew = maxTimestampMs - nowMs > config.messageTimestampAfterMaxMs;
    if (tooOld || tooNew) {
      return refuse(
        ErrorCode.INVALID_TIMESTAMP,
        `a timestamp is too far ${tooOld ? 'before' : 'after'} the broker's time`,
      );
    }
  }
  return {
    valid: true,
    sizeBytes: records.length,
    recordsCount: scan.recordsCount,
    maxTimestampMs,
    producerId: producerId(records, 0),
    producerEpoch: producerEpoch(records, 0),
    baseSequence: baseSequence(records, 0),
    isTransactional: isTransactional(records, 0),
    isControl: isControlBatch(records, 0),
  };
}

function inflateRefusal(error: unknown): BatchRefusal {
  if (!(error instanceof CodecError)) throw error;
  if (error.code === 'TOO_LARGE')
    return refuse(ErrorCode.MESSAGE_TOO_LARGE, 'the records inflate to more than is allowed');
  return refuse(ErrorCode.CORRUPT_MESSAGE, `the records do not decompress: ${error.message}`);
}
