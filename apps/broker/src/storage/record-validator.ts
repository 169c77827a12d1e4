import type { Core } from '@ks/core-wasm';
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

export declare function createRecordValidator(core: Core, codec: Codec): RecordValidator;
