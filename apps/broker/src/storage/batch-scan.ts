import {
  BATCH_HEADER_BYTES,
  baseOffset,
  batchSizeBytes,
  lastOffset,
  magic,
  maxTimestamp,
  RECORD_BATCH_MAGIC,
  recordsCount,
} from '@ks/protocol';

/** What a scan reads at a time; a little more than lies between two index entries. */
const PIECE_BYTES = 8192;

/** Bytes of a log file that cannot be batches, where valid ones were expected. */
export class CorruptLogError extends Error {
  override readonly name = 'CorruptLogError';
}

/** One batch found in a file. */
export interface BatchPlace {
  readonly position: number;
  readonly sizeBytes: number;
  readonly baseOffset: number;
  readonly lastOffset: number;
  /** -1 where no record has a timestamp, or compaction has left no record. */
  readonly maxTimestampMs: number;
  /** Whether compaction has left no record. */
  readonly isEmpty: boolean;
}

/** A computation that asks for bytes of a file: it yields where to read to and gets how many bytes came. */
export type FileSteps<Result> = Generator<{ readonly into: Uint8Array; readonly position: number }, Result, number>;

/** Carries steps out with asynchronous reads. */
export async function runSteps<Result>(
  steps: FileSteps<Result>,
  read: (into: Uint8Array, position: number) => Promise<number>,
): Promise<Result> {
  let step = steps.next();
  while (!step.done) step = steps.next(await read(step.value.into, step.value.position));
  return step.value;
}

/** Carries steps out on this thread. */
export function runStepsSync<Result>(
  steps: FileSteps<Result>,
  read: (into: Uint8Array, position: number) => number,
): Result {
  let step = steps.next();
  while (!step.done) step = steps.next(read(step.value.into, step.value.position));
  return step.value;
}

/**
 * Walks the headers of the batches in [from, end) of a file until `isWanted` says so. Returns that batch, or undefined where none was.
 * @throws CorruptLogError where there is no batch header at a place where one must be
 */
export function* findBatch(
  from: number,
  end: number,
  isWanted: (place: BatchPlace) => boolean,
): FileSteps<BatchPlace | undefined> {
  const buffer = new Uint8Array(Math.max(0, Math.min(PIECE_BYTES, end - from)));
  let bufferAt = 0;
  let bufferEnd = 0;
  for (let position = from; position < end; ) {
    if (position < bufferAt || position + BATCH_HEADER_BYTES > bufferEnd) {
      const into = buffer.subarray(0, Math.min(PIECE_BYTES, end - position));
      const count = yield { into, position };
      bufferAt = position;
      bufferEnd = position + count;
    }
    const place = placeAt(buffer, position - bufferAt, bufferEnd - bufferAt, position);
    if (place === undefined || position + place.sizeBytes > end) {
      throw new CorruptLogError(`no record batch at position ${position}`);
    }
    if (isWanted(place)) return place;
    position += place.sizeBytes;
  }
  return undefined;
}

/** The batch whose header lies at `at` of `bytes`; undefined where there is none. */
export function placeAt(bytes: Uint8Array, at: number, end: number, position: number): BatchPlace | undefined {
  if (at + BATCH_HEADER_BYTES > end) return undefined;
  const sizeBytes = batchSizeBytes(bytes, at);
  if (sizeBytes < BATCH_HEADER_BYTES || magic(bytes, at) !== RECORD_BATCH_MAGIC) return undefined;
  const first = baseOffset(bytes, at);
  const last = lastOffset(bytes, at);
  if (first < 0 || last < first) return undefined;
  const isEmpty = recordsCount(bytes, at) === 0;
  const maxTimestampMs = isEmpty ? -1 : maxTimestamp(bytes, at);
  return { position, sizeBytes, baseOffset: first, lastOffset: last, maxTimestampMs, isEmpty };
}
