import { BATCH_HEADER_BYTES, type Checksum, isBatchCrcValid, RecordBatch } from '@ks/protocol';
import type { File } from '../ports/files.ts';
import { CorruptLogError, placeAt } from './batch-scan.ts';
import type { CleanerPace } from './cleaner-pace.ts';

export interface BatchWalk {
  /** Where the first batch starts. */
  readonly from: number;
  readonly fileBytes: number;
  /** What is read at a time; only a batch that is larger gets memory of its own. */
  readonly buffer: Uint8Array;
  readonly checksum: Checksum;
  readonly pace: CleanerPace;
  /** Called with each batch, whose bytes are good until it returns (or what it returns settles). False ends the walk. */
  readonly visit: (batch: RecordBatch) => boolean | Promise<boolean>;
}

/**
 * Walks the batches of a sealed segment's file, each with its checksum verified. Says whether it came to the end.
 * @throws CorruptLogError where the file holds anything else than whole, valid batches
 */
export async function walkBatches(file: File, walk: BatchWalk): Promise<boolean> {
  const { fileBytes } = walk;
  let { buffer } = walk;
  for (let position = walk.from; position < fileBytes; ) {
    const want = Math.min(buffer.length, fileBytes - position);
    const filled = await file.read(buffer.subarray(0, want), position);
    if (filled < want) throw new CorruptLogError(`${file.path} ends at ${position + filled} instead of ${fileBytes}`);
    await walk.pace.moved(filled);
    let at = 0;
    for (;;) {
      const batch = wholeBatchAt(buffer, at, filled, position + at, walk);
      if (batch === undefined) break;
      const visited = walk.visit(batch);
      if (!(visited instanceof Promise ? await visited : visited)) return false;
      at += batch.sizeBytes;
      if (walk.pace.isTurnDue) await walk.pace.turn();
    }
    position += at;
    if (at > 0) buffer = walk.buffer;
    else buffer = new Uint8Array(sizeOfLarge(buffer, filled, position, fileBytes));
  }
  return true;
}

/** Undefined where the batch's bytes are not all in the buffer. */
function wholeBatchAt(
  buffer: Uint8Array,
  at: number,
  filled: number,
  position: number,
  { fileBytes, checksum }: BatchWalk,
): RecordBatch | undefined {
  if (at === filled) return undefined;
  const place = placeAt(buffer, at, filled, position);
  if (place === undefined) {
    // A header may be cut off by the buffer's end, never by the file's.
    if (filled - at < BATCH_HEADER_BYTES && position + filled - at < fileBytes) return undefined;
    throw new CorruptLogError(`no record batch at position ${position}`);
  }
  if (position + place.sizeBytes > fileBytes) throw new CorruptLogError(`a batch is cut off at position ${position}`);
  if (at + place.sizeBytes > filled) return undefined;
  if (!isBatchCrcValid(buffer, at, checksum)) {
    throw new CorruptLogError(`the checksum of the batch at offset ${place.baseOffset} does not match`);
  }
  return new RecordBatch(buffer.subarray(at, at + place.sizeBytes));
}

function sizeOfLarge(buffer: Uint8Array, filled: number, position: number, fileBytes: number): number {
  const place = placeAt(buffer, 0, filled, position);
  // The buffer did not even take a header.
  return place?.sizeBytes ?? Math.min(fileBytes - position, buffer.length + 4096);
}
