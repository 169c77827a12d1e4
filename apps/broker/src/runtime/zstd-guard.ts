import { BATCH_HEADER_BYTES, batchSizeBytes, compressionId, magic, RECORD_BATCH_MAGIC } from '@ks/protocol';
import { copyRangeOfParts, type WirePart } from '../ports/wire-part.ts';

const ZSTD_ID = 4;

/** Whether any batch is compressed with zstd. The parts together hold whole batches; only headers are read. */
export async function containsZstd(parts: readonly WirePart[]): Promise<boolean> {
  const sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0);
  const header = new Uint8Array(BATCH_HEADER_BYTES);
  let at = 0;
  while (at + BATCH_HEADER_BYTES <= sizeBytes) {
    await copyRangeOfParts(parts, at, header);
    if (magic(header, 0) === RECORD_BATCH_MAGIC && compressionId(header, 0) === ZSTD_ID) return true;
    const batchBytes = batchSizeBytes(header, 0);
    if (batchBytes <= 0) return false;
    at += batchBytes;
  }
  return false;
}
