import type { LogConfig } from './log-config.ts';
import type { LogParts } from './log-parts.ts';
import { captureProducersAt } from './producer-recovery.ts';
import { countDeletable } from './retention.ts';
import type { Segment } from './segment.ts';
import { createLogFile, removeDeleted, renameDeleted } from './segment-files.ts';
import { loadIndexes } from './segment-indexes.ts';

export interface RetentionRun {
  readonly config: LogConfig;
  readonly nowMs: number;
  readonly logStartOffset: number;
  readonly deletableEndOffset: number;
}

/** What a removal of segments asks of its log. */
export interface RetentionHost {
  readonly directory: string;
  /** Seals the active segment and starts a new one. */
  roll(): Segment;
  /** What is known of producers at or below `endOffset` is on disk when it settles. */
  saveProducers(endOffset: number): Promise<void>;
  /** The log starts at `offset` or above from now on. */
  startsAt(offset: number): void;
}

/** Takes the segments that may go now out of the log, with what is only known from them kept. Returns how many. */
export async function removeOldSegments(parts: LogParts, run: RetentionRun, host: RetentionHost): Promise<number> {
  const { segments, environment, snapshots, flusher } = parts;
  const count = await deletableSegments(parts, run);
  if (count === 0) return 0;
  if (count === segments.all.length) {
    // The name of the new segment's file is what remembers where the log goes on.
    const segment = host.roll();
    await createLogFile(environment.handles, segment);
    await environment.files.syncDirectory(host.directory);
  }
  // What is known of producers outlives their records.
  const startOffset = segments.all[count]?.baseOffset ?? 0;
  const replay = { environment, segments: segments.all, state: parts.producers, snapshots, endOffset: startOffset };
  await captureProducersAt(startOffset, replay);
  await host.saveProducers(startOffset);
  const removed = segments.removeFirst(count);
  const { baseOffset } = segments.first;
  host.startsAt(baseOffset);
  await snapshots.removeBefore(Math.min(baseOffset, flusher.flushedEndOffset));
  await retireSegments(parts, removed, run.config.fileDeleteDelayMs);
  return count;
}

/** How many of the oldest segments may go now; looks up what it must know of sealed segments' timestamps. */
export async function deletableSegments(parts: LogParts, run: RetentionRun): Promise<number> {
  const { segments, environment } = parts;
  const needsTimes = run.config.cleanupPolicy.delete && run.config.retentionMs >= 0;
  for (const segment of [...segments.all]) {
    if (!needsTimes || segment.maxTimestampMs !== undefined) continue;
    await loadIndexes(environment, segment, run.config.indexIntervalBytes);
    // Timestamps ascend with few exceptions: where this one stays, it is no use to look at those behind.
    const largest = segment.maxTimestampMs ?? -1;
    if (largest >= 0 && run.nowMs - largest <= run.config.retentionMs) break;
  }
  return countDeletable({
    ...run,
    segments: segments.all.map((segment, index) => ({
      sizeBytes: segment.sizeBytes,
      endOffset: segment.endOffset,
      largestTimestampMs: largestTimestamp(segments.all, index),
    })),
  });
}

/** Takes segments that are no longer in the list off the disk: renamed at once, removed after file.delete.delay.ms and their last reader. */
export async function retireSegments(parts: LogParts, removed: readonly Segment[], delayMs: number): Promise<void> {
  const { files, handles, clock, indexes, logger } = parts.environment;
  for (const segment of removed) {
    indexes.forget(segment);
    await renameDeleted(files, handles, segment);
    clock.setTimer(delayMs, () => {
      const remove = async () => {
        await segment.unheld();
        await removeDeleted(files, handles, segment);
      };
      remove().catch((error: unknown) => {
        logger.warn(
          { segment: segment.path, error: String(error) },
          'files of a deleted segment stay: they go at the next start',
        );
      });
    });
  }
}

/**
 * A segment whose timestamps are not known yet counts as young. One without any (compaction may have emptied it) is no younger than what
 * follows it; where nothing tells, it is as old as this process knows it.
 */
function largestTimestamp(segments: readonly Segment[], index: number): number {
  for (let at = index; at < segments.length; at += 1) {
    const known = segments[at]?.maxTimestampMs ?? Number.MAX_SAFE_INTEGER;
    if (known >= 0) return known;
  }
  return segments[index]?.createdMs ?? Number.MAX_SAFE_INTEGER;
}
