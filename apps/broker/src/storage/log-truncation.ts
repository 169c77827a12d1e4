import { runSteps } from './batch-scan.ts';
import type { LogParts } from './log-parts.ts';
import { resumeAfterCut } from './recovery.ts';
import { emptyIndexes, Segment } from './segment.ts';
import { replayProducers } from './producer-recovery.ts';
import { createLogFile, removeDeleted, renameDeleted } from './segment-files.ts';
import { locateOffset } from './segment-reader.ts';

/**
 * Removes the batches that reach `offset` or lie beyond from the files and from memory, with writes and syncs at rest. Returns the
 * new end offset: `offset`, or the base of the batch that held it.
 */
export async function cutLog(
  parts: LogParts,
  directory: string,
  offset: number,
  indexIntervalBytes: number,
): Promise<number> {
  const { segments, tail, epochs } = parts;
  const removed = segments.removeFrom(offset);
  tail.truncateTo(offset);
  await removeSegments(parts, removed);
  // What was cut off must not come back behind what is appended next.
  if (removed.length > 0) await parts.environment.files.syncDirectory(directory);
  const endOffset = await cutSegment(parts, segments.active, offset, indexIntervalBytes);
  epochs.truncateFromEnd(endOffset);
  segments.active.transactions.truncateTo(endOffset);
  const { environment, producers, snapshots } = parts;
  const { highWatermark } = producers;
  const replay = { environment, segments: segments.all, state: producers, snapshots, endOffset, highWatermark };
  await replayProducers({ ...replay, isComplete: false });
  return endOffset;
}

/** Replaces all segments by an empty one at `offset`. */
export async function restartLog(parts: LogParts, directory: string, offset: number): Promise<void> {
  const { segments, tail, epochs, environment, producers, snapshots } = parts;
  const segment = new Segment(directory, offset, environment.clock.wallMs());
  segment.indexes = emptyIndexes(offset);
  tail.clear();
  epochs.clear();
  producers.clear();
  await snapshots.keep(() => false);
  const old = segments.replaceAll(segment);
  // The old ones go first: a crash in between leaves an empty log, never two overlapping ones.
  await removeSegments(parts, old);
  await environment.files.syncDirectory(directory);
  await createLogFile(environment.handles, segment);
  await environment.files.syncDirectory(directory);
  segment.isNameSynced = true;
}

/** Takes segments off the disk; who still reads one learns that it was truncated. */
async function removeSegments({ environment }: LogParts, removed: readonly Segment[]): Promise<void> {
  // Newest first: a crash in between leaves a log without a gap.
  for (const segment of [...removed].reverse()) {
    segment.generation += 1;
    environment.indexes.forget(segment);
    await renameDeleted(environment.files, environment.handles, segment);
    removeUnheld(environment, segment);
  }
}

/** A slow reader must not hold a truncation up: it is told at its next step, and the file goes when it has let go. */
function removeUnheld({ files, handles, logger }: LogParts['environment'], segment: Segment): void {
  segment
    .unheld()
    .then(() => removeDeleted(files, handles, segment))
    .catch((error: unknown) => {
      const fields = { segment: segment.path, error: String(error) };
      logger.warn(fields, 'files of a segment that was cut off stay: they go at the next start');
    });
}

async function cutSegment(
  parts: LogParts,
  segment: Segment,
  offset: number,
  indexIntervalBytes: number,
): Promise<number> {
  const { environment, reader } = parts;
  if (segment.writtenBytes === 0) {
    segment.resumeAt(emptyIndexes(segment.baseOffset), undefined);
    segment.markWritten();
    return Math.max(segment.baseOffset, Math.min(offset, segment.endOffset));
  }
  const { handles, core } = environment;
  const place = await reader.withIndexes(segment, (indexes) =>
    handles.use(segment.logPath, (file) =>
      runSteps(locateOffset(core, indexes, offset, segment.writtenBytes), (into, at) => file.read(into, at)),
    ),
  );
  const fileBytes = place?.position ?? segment.writtenBytes;
  segment.generation += 1;
  segment.isSealed = false;
  environment.indexes.forget(segment);
  await handles.use(segment.logPath, async (file) => {
    await file.truncate(fileBytes);
    await file.sync();
  });
  await resumeAfterCut(environment, segment, { offset, fileBytes, indexIntervalBytes });
  segment.syncedBytes = fileBytes;
  segment.areIndexesOnDisk = false;
  return fileBytes === 0
    ? Math.max(segment.baseOffset, place === undefined ? offset : segment.baseOffset)
    : segment.endOffset;
}
