import {
  attributes,
  batchSizeBytes,
  CRC_COVERED_FROM,
  crc,
  LOG_APPEND_TIME_BIT,
  setAttributes,
  setCrc,
  setMaxTimestamp,
} from './batch-header.ts';

/** What this package needs of the core to check and to seal batches. */
export interface Checksum {
  /** CRC-32C, unsigned. */
  crc32c(bytes: Uint8Array, seed?: number): number;
}

/** The CRC-32C that the batch at `at` should have, by its batchLength. */
export function computeBatchCrc(bytes: Uint8Array, at: number, checksum: Checksum): number {
  return checksum.crc32c(bytes.subarray(at + CRC_COVERED_FROM, at + batchSizeBytes(bytes, at)));
}

/** Whether the batch is what its writer sealed. */
export function isBatchCrcValid(bytes: Uint8Array, at: number, checksum: Checksum): boolean {
  return crc(bytes, at) === computeBatchCrc(bytes, at, checksum);
}

/** Writes the CRC that fits the bytes. */
export function sealBatch(bytes: Uint8Array, at: number, checksum: Checksum): void {
  setCrc(bytes, at, computeBatchCrc(bytes, at, checksum));
}

/** Makes every record of the batch read as written at `appendTimeMs` (message.timestamp.type=LogAppendTime). */
export function stampLogAppendTime(bytes: Uint8Array, at: number, appendTimeMs: number, checksum: Checksum): void {
  setMaxTimestamp(bytes, at, appendTimeMs);
  setAttributes(bytes, at, attributes(bytes, at) | LOG_APPEND_TIME_BIT);
  sealBatch(bytes, at, checksum);
}
