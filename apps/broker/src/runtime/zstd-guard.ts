import { BATCH_HEADER_BYTES, batchSizeBytes, compressionId, magic, RECORD_BATCH_MAGIC } from '@ks/protocol';
import type { WirePart } from '../ports/wire-part.ts';

const ZSTD_ID = 4;

/** Whether any batch is compressed with zstd. The parts together hold whole batches; only headers are read. */
export async function containsZstd(parts: readonly WirePart[]): Promise<boolean> {
  const sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0);
  const header = new Uint8Array(BATCH_HEADER_BYTES);
  let at = 0;
  while (at + BATCH_HEADER_BYTES <= sizeBytes) {
    await copyRange(parts, at, header);
    if (magic(header, 0) === RECORD_BATCH_MAGIC && compressionId(header, 0) === ZSTD_ID) return true;
    const batchBytes = batchSizeBytes(header, 0);
    if (batchBytes <= 0) return false;
    at += batchBytes;
  }
  return false;
}

/** Fills `into` with the parts' bytes from `from` on. */
async function copyRange(parts: readonly WirePart[], from: number, into: Uint8Array): Promise<void> {
  let partStart = 0;
  for (const part of parts) {
    const start = Math.max(from, partStart);
    const end = Math.min(from + into.length, partStart + part.sizeBytes);
    if (start < end) await copyOfPart(part, start - partStart, into.subarray(start - from, end - from));
    partStart += part.sizeBytes;
  }
}

async function copyOfPart(part: WirePart, at: number, into: Uint8Array): Promise<void> {
  if (part.kind === 'file') return part.read(into, at);
  let viewStart = 0;
  for (const view of part.views) {
    const start = Math.max(at, viewStart);
    const end = Math.min(at + into.length, viewStart + view.length);
    if (start < end) into.set(view.subarray(start - viewStart, end - viewStart), start - at);
    viewStart += view.length;
  }
}
