import type { LogConfig } from './log-config.ts';
import { BATCH_HEADER_BYTES, maxTimestamp } from '@ks/protocol';
import type { LogParts } from './log-parts.ts';
import type { Segment } from './segment.ts';
import { loadIndexes } from './segment-indexes.ts';

/** What a log offers to be cleaned. */
export interface CleanableRange {
  /** Where the part begins that no cleaning has seen. */
  readonly firstDirtyOffset: number;
  /** Exclusive: from here on nothing may be cleaned yet. */
  readonly upToOffset: number;
  readonly cleanBytes: number;
  /** Bytes in [firstDirtyOffset, upToOffset), by whole segments. */
  readonly dirtyBytes: number;
  /** Dirty bytes to all that a cleaning would read, 0 to 1. */
  readonly dirtyRatio: number;
  /** Whether a dirty record has been waiting for max.compaction.lag.ms. */
  readonly isOverdue: boolean;
}

export interface RangeInput {
  readonly config: LogConfig;
  readonly nowMs: number;
  readonly firstDirtyOffset: number;
  /** Exclusive: records below are committed, and their transactions decided. */
  readonly stableOffset: number;
}

/** What may be cleaned now, by whole segments; undefined where nothing is dirty. Never the active segment, nor what is not on disk. */
export async function findCleanableRange(parts: LogParts, input: RangeInput): Promise<CleanableRange | undefined> {
  const { config, firstDirtyOffset, nowMs } = input;
  const stable = stableSegments(parts, input.stableOffset);
  const young = await firstYoung(parts, stable, input);
  const cleanable = young === undefined ? stable : stable.slice(0, stable.indexOf(young));
  const dirty = cleanable.filter(({ endOffset }) => endOffset > firstDirtyOffset);
  const dirtyBytes = sizeOf(dirty);
  if (dirtyBytes === 0) return undefined;
  const upToOffset = cleanable.at(-1)?.endOffset ?? firstDirtyOffset;
  const cleanBytes = sizeOf(cleanable) - dirtyBytes;
  const dirtyRatio = dirtyBytes / (cleanBytes + dirtyBytes);
  const isOverdue = await hasWaitedLong(parts, dirty, config.maxCompactionLagMs, nowMs);
  return { firstDirtyOffset, upToOffset, cleanBytes, dirtyBytes, dirtyRatio, isOverdue };
}

/** The oldest segments, as far as each of them is on disk and all its records are stable. */
function stableSegments({ segments, flusher }: LogParts, stableOffset: number): readonly Segment[] {
  const { flushedEndOffset } = flusher;
  const isOut = (segment: Segment) => !isCleanable(segment, flushedEndOffset) || segment.endOffset > stableOffset;
  const end = segments.all.findIndex(isOut);
  return end < 0 ? segments.all : segments.all.slice(0, end);
}

function sizeOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/** Sealed, and wholly on disk with its indexes. */
export function isCleanable(segment: Segment, flushedEndOffset: number): boolean {
  return segment.isSealed && segment.isWritten && segment.endOffset <= flushedEndOffset;
}

/** The first segment with a record younger than min.compaction.lag.ms. */
async function firstYoung(
  parts: LogParts,
  stable: readonly Segment[],
  input: RangeInput,
): Promise<Segment | undefined> {
  const { minCompactionLagMs, indexIntervalBytes } = input.config;
  if (minCompactionLagMs === 0) return undefined;
  for (const segment of stable) {
    if (segment.endOffset <= input.firstDirtyOffset) continue;
    if (segment.maxTimestampMs === undefined) await loadIndexes(parts.environment, segment, indexIntervalBytes);
    if ((segment.maxTimestampMs ?? -1) > input.nowMs - minCompactionLagMs) return segment;
  }
  return undefined;
}

async function hasWaitedLong(
  parts: LogParts,
  dirty: readonly Segment[],
  maxLagMs: number,
  nowMs: number,
): Promise<boolean> {
  if (maxLagMs >= Number.MAX_SAFE_INTEGER) return false;
  for (const segment of dirty) {
    segment.firstTimestampMs ??= await readFirstTimestamp(parts, segment);
    if (segment.firstTimestampMs >= 0 && nowMs - segment.firstTimestampMs > maxLagMs) return true;
  }
  return false;
}

/** Greatest timestamp of the segment's first batch. */
async function readFirstTimestamp({ environment }: LogParts, segment: Segment): Promise<number> {
  if (segment.writtenBytes < BATCH_HEADER_BYTES) return -1;
  const header = new Uint8Array(BATCH_HEADER_BYTES);
  segment.hold();
  try {
    await environment.handles.use(segment.logPath, (file) => file.read(header, 0));
  } finally {
    segment.unhold();
  }
  return maxTimestamp(header, 0);
}
