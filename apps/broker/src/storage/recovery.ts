import type { Core } from '@ks/core-wasm';
import type { File } from '../ports/files.ts';
import { findBatch, runSteps } from './batch-scan.ts';
import type { LogEnvironment } from './log-environment.ts';
import type { OffsetPosition } from './offset-index.ts';
import { emptyIndexes, type Segment, type SegmentIndexes } from './segment.ts';
import { readIndexes } from './segment-indexes.ts';
import { type ScannedBatch, type SegmentScanResult, scanSegment } from './segment-scan.ts';

export interface ResumeOptions {
  /** Batches below are known to be good: reading starts at the last index entry that lies below. */
  readonly trustedEndOffset: number;
  readonly verifyChecksums: boolean;
  readonly indexIntervalBytes: number;
  readonly visit: (batch: ScannedBatch) => void;
}

/**
 * Brings a segment's bookkeeping (sizes, end offset, indexes, greatest timestamp) up to the last valid batch of its file, reading no
 * more of it than must be. The file is left as it is; `validBytes` says where it should end.
 */
export async function resumeSegment(
  environment: LogEnvironment,
  segment: Segment,
  fileBytes: number,
  options: ResumeOptions,
): Promise<SegmentScanResult> {
  return environment.handles.use(segment.logPath, async (file) => {
    segment.writtenBytes = fileBytes;
    const { indexes, from } = await trustedIndexes(environment, segment, file, options.trustedEndOffset);
    const core = options.verifyChecksums ? environment.core : undefined;
    const result = await noteBatchesFrom(file, segment, { indexes, from, fileBytes, core, ...options });
    segment.markWritten();
    return result;
  });
}

/** Does the same after a running log's file was cut at `fileBytes`: drops what the indexes say of offsets from `offset` on. */
export async function resumeAfterCut(
  environment: LogEnvironment,
  segment: Segment,
  cut: { readonly offset: number; readonly fileBytes: number; readonly indexIntervalBytes: number },
): Promise<void> {
  const { indexes } = segment;
  if (indexes === undefined) throw new Error('a segment is cut with its indexes in memory');
  const { fileBytes, indexIntervalBytes } = cut;
  indexes.offsets.truncateTo(environment.core, cut.offset);
  const from = indexes.offsets.last();
  if (from === undefined) indexes.times.truncateTo(segment.baseOffset);
  else indexes.times.truncateTo(from.offset + 1);
  if (fileBytes === 0) segment.resumeAt(emptyIndexes(segment.baseOffset), undefined);
  else {
    await environment.handles.use(segment.logPath, (file) =>
      noteBatchesFrom(file, segment, {
        indexes,
        from,
        fileBytes,
        core: undefined,
        indexIntervalBytes,
        visit: () => undefined,
      }),
    );
  }
  segment.markWritten();
}

interface NoteOptions {
  readonly indexes: SegmentIndexes;
  readonly from: OffsetPosition | undefined;
  readonly fileBytes: number;
  readonly core: Core | undefined;
  readonly indexIntervalBytes: number;
  readonly visit: (batch: ScannedBatch) => void;
}

async function noteBatchesFrom(file: File, segment: Segment, options: NoteOptions): Promise<SegmentScanResult> {
  const { indexes, from, fileBytes, core, indexIntervalBytes, visit } = options;
  segment.resumeAt(indexes, from);
  if (from !== undefined) {
    const first = await runSteps(
      findBatch(0, fileBytes, () => true),
      (into, position) => file.read(into, position),
    );
    segment.firstTimestampMs = first?.maxTimestampMs;
  }
  return scanSegment(file, {
    from: from?.position ?? 0,
    fileBytes,
    baseOffset: segment.baseOffset,
    minOffset: segment.baseOffset,
    core,
    visit: (batch) => {
      segment.noteBatch(batch, indexIntervalBytes);
      visit(batch);
    },
  });
}

/** The part of the index files that can be relied on, and the entry from which the log has to be read. */
async function trustedIndexes(
  environment: LogEnvironment,
  segment: Segment,
  file: File,
  trustedEndOffset: number,
): Promise<{ readonly indexes: SegmentIndexes; readonly from: OffsetPosition | undefined }> {
  const nothing = { indexes: emptyIndexes(segment.baseOffset), from: undefined };
  if (segment.writtenBytes === 0) return nothing;
  const indexes = await readIndexes(environment, segment);
  const from = indexes?.offsets.lookup(environment.core, trustedEndOffset);
  if (indexes === undefined || from === undefined || !(await isTrue(file, from, segment.writtenBytes))) return nothing;
  indexes.offsets.truncateTo(environment.core, from.offset + 1);
  indexes.times.truncateTo(from.offset + 1);
  return { indexes, from };
}

/** Whether the batch that an index entry names is there. */
async function isTrue(file: File, entry: OffsetPosition, fileBytes: number): Promise<boolean> {
  try {
    const place = await runSteps(
      findBatch(entry.position, fileBytes, () => true),
      (into, position) => file.read(into, position),
    );
    return place?.lastOffset === entry.offset;
  } catch {
    return false;
  }
}
