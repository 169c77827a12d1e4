import type { Core } from '@ks/core-wasm';
import { BATCH_HEADER_BYTES, batchSizeBytes, isBatchCrcValid, leaderEpoch, magic } from '@ks/protocol';
import type { File } from '../ports/files.ts';
import { type BatchPlace, placeAt } from './batch-scan.ts';

const PIECE_BYTES = 1_048_576;
/** Offsets within a segment are int32 in its indexes. */
export const RELATIVE_OFFSET_MAX = 0x7fffffff;

export interface ScannedBatch extends BatchPlace {
  readonly leaderEpoch: number;
}

export interface SegmentScanOptions {
  /** Where the first batch to look at starts. */
  readonly from: number;
  readonly fileBytes: number;
  /** The segment's; a batch that ends 2^31 or more above it does not belong here. */
  readonly baseOffset: number;
  /** No batch may start below it; it grows with every batch. */
  readonly minOffset: number;
  /** Given where the checksums are to be verified. */
  readonly core: Core | undefined;
  /** Called with the batch's bytes at `at` of `bytes`: whole, and good until it returns. */
  readonly visit: (batch: ScannedBatch, bytes: Uint8Array, at: number) => void;
}

export interface SegmentScanResult {
  /** Where the valid batches end. */
  readonly validBytes: number;
  /** Why the scan ended before the file did. */
  readonly problem: string | undefined;
}

/** Reads a log file from front to back and visits its batches up to the first that is not valid. */
export async function scanSegment(file: File, options: SegmentScanOptions): Promise<SegmentScanResult> {
  let buffer = new Uint8Array(Math.max(0, Math.min(PIECE_BYTES, options.fileBytes - options.from)));
  let position = options.from;
  let minOffset = options.minOffset;
  while (position < options.fileBytes) {
    const want = Math.min(buffer.length, options.fileBytes - position);
    const filled = await file.read(buffer.subarray(0, want), position);
    let at = 0;
    for (;;) {
      const batch = wholeBatchAt(buffer, at, filled, position + at, options, minOffset);
      if (batch === 'more') break;
      if (typeof batch === 'string') return { validBytes: position + at, problem: batch };
      options.visit({ ...batch, leaderEpoch: leaderEpoch(buffer, at) }, buffer, at);
      minOffset = batch.lastOffset + 1;
      at += batch.sizeBytes;
    }
    if (at === 0) {
      // One batch larger than the buffer: `wholeBatchAt` has seen that the file is long enough for it.
      const isReadShort = filled < want || filled < BATCH_HEADER_BYTES;
      if (isReadShort) return { validBytes: position, problem: 'the file is shorter than it was' };
      buffer = new Uint8Array(batchSizeBytes(buffer, 0));
    }
    position += at;
  }
  return { validBytes: position, problem: undefined };
}

/** The batch at `at` if it is whole and valid, 'more' if its bytes are not all in the buffer yet, else what is wrong. */
function wholeBatchAt(
  buffer: Uint8Array,
  at: number,
  filled: number,
  position: number,
  options: SegmentScanOptions,
  minOffset: number,
): BatchPlace | 'more' | string {
  const left = options.fileBytes - position;
  if (at + BATCH_HEADER_BYTES > filled) return left > filled - at || left === 0 ? 'more' : 'a batch header is cut off';
  const place = placeAt(buffer, at, filled, position);
  if (place === undefined) return `no record batch (magic ${magic(buffer, at)}, size ${batchSizeBytes(buffer, at)})`;
  if (place.sizeBytes > left) return 'a batch is cut off';
  if (place.baseOffset < minOffset) return `offset ${place.baseOffset} where ${minOffset} or more was due`;
  if (place.lastOffset - options.baseOffset > RELATIVE_OFFSET_MAX) return `offset ${place.lastOffset} is out of range`;
  if (at + place.sizeBytes > filled) return 'more';
  if (options.core !== undefined && !isBatchCrcValid(buffer, at, options.core)) return 'a checksum does not match';
  return place;
}
