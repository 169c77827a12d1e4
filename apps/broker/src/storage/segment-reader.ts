import type { Core } from '@ks/core-wasm';
import { type BatchPlace, CorruptLogError, type FileSteps, findBatch } from './batch-scan.ts';
import type { OffsetPosition } from './offset-index.ts';
import type { Segment, SegmentIndexes } from './segment.ts';

/** An index entry that does not fit the log file. */
export class CorruptIndexError extends Error {
  override readonly name = 'CorruptIndexError';
}

/** A run of whole batches in a segment's file. */
export interface FileRange {
  readonly position: number;
  readonly sizeBytes: number;
  readonly nextOffset: number;
}

export interface RangeRequest {
  readonly startOffset: number;
  readonly maxBytes: number;
  /** Exclusive. */
  readonly upToOffset: number;
  readonly minOneBatch: boolean;
  /** Begin with a batch that has records, where there is one: some clients take an answer without any for the log's end. */
  readonly skipsEmpty: boolean;
  /** File position of the first batch, where the caller knows it from the read before. */
  readonly knownPosition: number | undefined;
}

/**
 * Finds the whole batches that answer `request` in what is written of `segment`; undefined where no batch of it reaches `startOffset`.
 * @throws CorruptIndexError, CorruptLogError
 */
export function* locateRange(
  core: Core,
  segment: Segment,
  indexes: SegmentIndexes,
  request: RangeRequest,
): FileSteps<FileRange | undefined> {
  const { startOffset, maxBytes, upToOffset } = request;
  const { writtenBytes, writtenEndOffset } = segment;
  const locate = (skipsEmpty: boolean) =>
    locateOffset(core, indexes, startOffset, writtenBytes, { knownPosition: request.knownPosition, skipsEmpty });
  let first = yield* locate(request.skipsEmpty);
  if (first === undefined) return undefined;
  if (request.skipsEmpty && first.lastOffset >= upToOffset) first = (yield* locate(false)) ?? first;
  const { position } = first;
  const empty = { position, sizeBytes: 0, nextOffset: startOffset };
  if (first.lastOffset >= upToOffset) return empty;
  const limit = yield* locateLimit(core, indexes, first, upToOffset, writtenBytes, writtenEndOffset);
  if (position + maxBytes >= limit.position) return rangeTo(position, limit);
  if (first.sizeBytes > maxBytes) {
    if (!request.minOneBatch) return empty;
    return rangeTo(position, { position: position + first.sizeBytes, offset: first.lastOffset + 1 });
  }
  const hint = indexes.offsets.lookupPosition(position + maxBytes);
  const from = hint !== undefined && hint.position > position ? hint : undefined;
  const next = yield* findFrom(
    from,
    position,
    writtenBytes,
    (place) => place.position + place.sizeBytes > position + maxBytes,
  );
  if (next === undefined) return rangeTo(position, limit);
  return rangeTo(position, { position: next.position, offset: next.baseOffset });
}

/** The first batch of [0, end) whose last offset is `offset` or above, and that has records where empty ones are skipped. */
export function locateOffset(
  core: Core,
  indexes: SegmentIndexes,
  offset: number,
  end: number,
  {
    knownPosition,
    skipsEmpty = false,
  }: { readonly knownPosition?: number | undefined; readonly skipsEmpty?: boolean } = {},
): FileSteps<BatchPlace | undefined> {
  const reaches = (place: BatchPlace) => place.lastOffset >= offset && !(skipsEmpty && place.isEmpty);
  if (knownPosition !== undefined) return findBatch(knownPosition, end, reaches);
  return findFrom(indexes.offsets.lookup(core, offset), 0, end, reaches);
}

function rangeTo(position: number, end: OffsetPosition): FileRange {
  return { position, sizeBytes: end.position - position, nextOffset: end.offset };
}

/** Where the batches below `upToOffset` end, and with which offset. */
function* locateLimit(
  core: Core,
  indexes: SegmentIndexes,
  first: BatchPlace,
  upToOffset: number,
  writtenBytes: number,
  writtenEndOffset: number,
): FileSteps<OffsetPosition> {
  const end = { position: writtenBytes, offset: writtenEndOffset };
  if (upToOffset >= writtenEndOffset) return end;
  const hint = indexes.offsets.lookup(core, upToOffset);
  const from = hint !== undefined && hint.position > first.position ? hint : undefined;
  const beyond = yield* findFrom(from, first.position, writtenBytes, (place) => place.lastOffset >= upToOffset);
  return beyond === undefined ? end : { position: beyond.position, offset: beyond.baseOffset };
}

/** `findBatch` from an index entry, which is checked against the batch it points to, or else from `fallback`. */
function* findFrom(
  entry: OffsetPosition | undefined,
  fallback: number,
  end: number,
  isWanted: (place: BatchPlace) => boolean,
): FileSteps<BatchPlace | undefined> {
  if (entry === undefined || entry.position >= end) return yield* findBatch(fallback, end, isWanted);
  const verified = (place: BatchPlace): boolean => {
    if (place.position === entry.position && place.lastOffset !== entry.offset) throw wrongEntry(entry);
    return isWanted(place);
  };
  try {
    return yield* findBatch(entry.position, end, verified);
  } catch (error) {
    // What the entry points to is no batch: the index is wrong, or the log is; a new index will tell.
    throw error instanceof CorruptLogError ? wrongEntry(entry) : error;
  }
}

function wrongEntry(entry: OffsetPosition): CorruptIndexError {
  return new CorruptIndexError(`the offset index says that offset ${entry.offset} ends at position ${entry.position}`);
}
