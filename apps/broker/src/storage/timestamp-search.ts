import { RecordBatch } from '@ks/protocol';
import type { File } from '../ports/files.ts';
import { type BatchPlace, CorruptLogError, findBatch, runSteps } from './batch-scan.ts';
import type { LogEnvironment } from './log-environment.ts';
import type { TimestampedOffset } from './log-options.ts';
import type { Segment, SegmentIndexes } from './segment.ts';
import { CorruptIndexError } from './segment-reader.ts';

/** Largest size of a batch's records that is inflated to look for a timestamp. */
const INFLATED_BYTES_MAX = 128 * 1024 * 1024;

export interface TimestampQuery {
  readonly timestampMs: number;
  /** Records below do not count. */
  readonly fromOffset: number;
  /** Exclusive. */
  readonly upToOffset: number;
}

/**
 * The first record of a segment with a timestamp of `timestampMs` or later, exact to the record.
 * @throws CorruptIndexError, CorruptLogError, FilesError
 */
export function searchTimestamp(
  environment: LogEnvironment,
  segment: Segment,
  indexes: SegmentIndexes,
  query: TimestampQuery,
): Promise<TimestampedOffset | undefined> {
  const end = segment.writtenBytes;
  // The indexes already know batches that are still on their way to the file.
  const { writtenEndOffset } = segment;
  return environment.handles.use(segment.logPath, async (file) => {
    const read = (into: Uint8Array, position: number) => file.read(into, position);
    const mayHold = (place: BatchPlace) =>
      place.maxTimestampMs >= query.timestampMs && place.lastOffset >= query.fromOffset;
    const written = { endOffset: writtenEndOffset, bytes: end };
    const start = await trusting(indexes.offsets, startPosition(environment, file, indexes, query, written));
    const firstFrom = (from: number) => runSteps(findBatch(from, end, mayHold), read);
    let place = await trusting(indexes.offsets, firstFrom(start));
    while (place !== undefined && place.baseOffset < query.upToOffset) {
      const found = await searchBatch(environment, file, place, query);
      if (found !== undefined) return found;
      place = await firstFrom(place.position + place.sizeBytes);
    }
    return undefined;
  });
}

/** What was found from a position that the index gave: where no batch lies there, the index is to blame before the log is. */
async function trusting<T>(index: SegmentIndexes['offsets'], finding: Promise<T>): Promise<T> {
  try {
    return await finding;
  } catch (error) {
    if (!(error instanceof CorruptLogError) || index.count === 0) throw error;
    throw new CorruptIndexError(`the offset index leads to where no batch lies: ${error.message}`);
  }
}

/** Where the first batch that can qualify is at or behind, by the time index. Its entry is checked against the log. */
async function startPosition(
  environment: LogEnvironment,
  file: File,
  indexes: SegmentIndexes,
  query: TimestampQuery,
  written: { readonly endOffset: number; readonly bytes: number },
): Promise<number> {
  const { core } = environment;
  const entry = indexes.times.lookup(core, query.timestampMs, written.endOffset);
  const from = indexes.offsets.lookup(core, query.fromOffset)?.position ?? 0;
  if (entry === undefined) return from;
  const near = indexes.offsets.lookup(core, entry.offset)?.position ?? 0;
  const place = await runSteps(
    findBatch(near, written.bytes, (candidate) => candidate.lastOffset >= entry.offset),
    (into, position) => file.read(into, position),
  );
  if (place?.lastOffset !== entry.offset || place.maxTimestampMs !== entry.timestampMs) {
    throw new CorruptIndexError(`the time index says that offset ${entry.offset} has timestamp ${entry.timestampMs}`);
  }
  return Math.max(from, place.position);
}

async function searchBatch(
  environment: LogEnvironment,
  file: File,
  place: BatchPlace,
  query: TimestampQuery,
): Promise<TimestampedOffset | undefined> {
  const bytes = new Uint8Array(place.sizeBytes);
  if ((await file.read(bytes, place.position)) !== bytes.length) throw new CorruptLogError('a batch is cut off');
  const batch = new RecordBatch(bytes);
  const { codec } = environment;
  const cursor = batch.cursor(await batch.decompress(codec, INFLATED_BYTES_MAX));
  while (cursor.next()) {
    const timestampMs = batch.timestampOf(cursor.timestampDelta);
    const offset = batch.baseOffset + cursor.offsetDelta;
    if (offset >= query.upToOffset) return undefined;
    if (timestampMs >= query.timestampMs && offset >= query.fromOffset) {
      return { timestampMs, offset, leaderEpoch: batch.leaderEpoch };
    }
  }
  return undefined;
}
