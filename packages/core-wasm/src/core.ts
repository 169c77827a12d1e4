/**
 * What the core computes: checksums, LZ4 and Snappy, the structure of records, and searches in index files.
 *
 * Two things implement it: WebAssembly (the usual one) and plain TypeScript (where there is no WebAssembly with SIMD, and as the
 * yardstick that the tests hold WebAssembly to).
 *
 * All functions are synchronous and none keeps a reference to an input. An input that lies in `memory` is read where it is; any
 * other is copied through the core's scratch first. An output is a fresh array outside `memory`, unless the caller lets it be lent.
 */
export interface Core {
  /** Which implementation this is. */
  readonly kind: 'wasm' | 'reference';

  /**
   * One fixed view over all of the core's memory, which never grows, so that views into it stay good for the core's life.
   * The owner allocates slabs from `heapStart` on.
   */
  readonly memory: Uint8Array;

  /** First address of `memory` that belongs to the owner, a multiple of 4096; what lies below is the core's scratch. */
  readonly heapStart: number;

  /**
   * CRC-32C (Castagnoli), as Kafka's record batches carry it.
   * @param seed the CRC of the bytes that came before, to go on from there; 0 to start
   * @returns an unsigned 32-bit number
   */
  crc32c(bytes: Uint8Array, seed?: number): number;

  /**
   * xxHash32, the checksum of LZ4 frames.
   * @returns an unsigned 32-bit number
   */
  xxHash32(bytes: Uint8Array, seed?: number): number;

  /**
   * Compresses into one LZ4 frame as Kafka's Java client writes it: independent blocks of 64 KB, no checksums, no content size.
   * @param level Kafka's `compression.lz4.level` (KIP-390), 1 to 17: 9, the default, is fast, any other searches longer for what repeats, up to
   *   512 places at 10 and above
   */
  lz4Compress(input: Uint8Array, level?: number): Uint8Array;

  /**
   * Decompresses one or more LZ4 frames: linked or independent blocks, of any legal size, with or without checksums and content
   * size (all of which are verified). The wrong header checksum that magic 0 message sets carry on purpose is accepted too.
   * @param isLent the output may lie in the core's scratch and is good until it compresses or decompresses next: nothing is allocated,
   *   which for content that is only looked at costs more than the work
   * @throws CoreError TOO_LARGE when the output would pass `maxBytes`, CORRUPT, UNSUPPORTED for dictionaries and other versions
   */
  lz4Decompress(input: Uint8Array, maxBytes: number, isLent?: boolean): Uint8Array;

  /** Compresses into the xerial framing of Snappy that Kafka's Java client writes: chunks of 32 KB. */
  snappyCompress(input: Uint8Array): Uint8Array;

  /**
   * Decompresses Snappy, in xerial framing or as one raw block (as librdkafka writes it).
   * @param isLent as for `lz4Decompress`
   * @throws CoreError TOO_LARGE when the output would pass `maxBytes`, CORRUPT, UNSUPPORTED for a later xerial version
   */
  snappyDecompress(input: Uint8Array, maxBytes: number, isLent?: boolean): Uint8Array;

  /**
   * Checks the structure of the records of one batch (uncompressed, without the batch's header): every length, every varint, and
   * that `recordsCount` records fill the bytes exactly. Never throws on bad records: see `status`.
   */
  scanRecords(records: Uint8Array, recordsCount: number): RecordsScan;

  /**
   * Searches an offset index: entries of 8 bytes (int32 offset relative to the segment's base, int32 file position), ascending.
   * @returns the slot of the last entry whose offset is <= `relativeOffset`, -1 when there is none
   * @throws RangeError when `entries` is shorter than `entryCount` entries
   */
  searchOffsetIndex(entries: Uint8Array, entryCount: number, relativeOffset: number): number;

  /**
   * Searches a time index: entries of 12 bytes (int64 timestamp, int32 relative offset), ascending.
   * @returns the slot of the last entry whose timestamp is <= `timestampMs`, -1 when there is none
   * @throws RangeError when `entries` is shorter than `entryCount` entries
   */
  searchTimeIndex(entries: Uint8Array, entryCount: number, timestampMs: number): number;
}

/** What `scanRecords` found. When `status` is not OK the other fields describe the records before the bad one. */
export interface RecordsScan {
  /** 0 when all is well, else what is wrong with the record `recordIndex`. */
  readonly status: RecordsScanStatus;
  /** Index of the first bad record; -1 when all are good. Bytes left over count as a fault of the record after the last. */
  readonly recordIndex: number;
  /** How many records were found good. */
  readonly recordsCount: number;
  /** Greatest timestamp delta in ms, saturated at +-(2^53-1); 0 without records. */
  readonly maxTimestampDelta: number;
  /** Least timestamp delta in ms, saturated likewise; 0 without records. */
  readonly minTimestampDelta: number;
  /** Offset delta of the first record that has the greatest timestamp; -1 without records. */
  readonly offsetOfMaxTimestamp: number;
  /** How many records have a null key (a compacted topic refuses them). */
  readonly nullKeys: number;
  /** Whether the offset deltas were 0, 1, 2, ... */
  readonly offsetDeltasSequential: boolean;
  /** Bytes taken by the good records. */
  readonly consumedBytes: number;
}

/** What can be wrong with a record. */
export const RecordsScanStatus = {
  OK: 0,
  /** The record's length, or the record, goes past the end of the records. */
  TRUNCATED: -1,
  /** A varint takes more than 5 bytes, or a varlong more than 10. */
  BAD_VARINT: -2,
  /** A length is negative where it may not be, or a field goes past the end of its record. */
  BAD_LENGTH: -3,
  /** The count of headers is negative, or greater than the record could hold. */
  BAD_HEADER_COUNT: -4,
  /** The fields end before the record does. */
  RECORD_NOT_FILLED: -5,
  /** Bytes are left after the last record. */
  TRAILING_BYTES: -6,
  /** The stated count of records is negative or not an int32. */
  BAD_RECORDS_COUNT: -7,
} as const;
export type RecordsScanStatus = (typeof RecordsScanStatus)[keyof typeof RecordsScanStatus];

/** Why compressed bytes could not be decompressed. */
export type CoreErrorCode = 'CORRUPT' | 'TOO_LARGE' | 'UNSUPPORTED';

/** Thrown for compressed bytes that are corrupt, decompress to more than the caller allows, or use what is not supported. */
export class CoreError extends Error {
  readonly code: CoreErrorCode;

  constructor(code: CoreErrorCode, message: string) {
    super(message);
    this.name = 'CoreError';
    this.code = code;
  }
}

/** What `createCore` may be told. */
export interface CoreOptions {
  /** Size of the owner's heap, beyond the scratch, in bytes; default 0. Reserved, not touched: it costs no RSS until used. */
  readonly memoryBytes?: number;
  /** Which implementation; by default WebAssembly where it (with SIMD) is to be had, else the reference. */
  readonly kind?: 'wasm' | 'reference';
}
