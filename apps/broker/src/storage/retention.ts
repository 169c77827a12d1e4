import type { LogConfig } from './log-config.ts';

/** A segment as retention sees it. */
export interface RetainedSegment {
  readonly sizeBytes: number;
  /** Exclusive. */
  readonly endOffset: number;
  /** Greatest record timestamp, or where no record has one the time the segment was first seen. */
  readonly largestTimestampMs: number;
}

export interface RetentionInput {
  /** Oldest first, the active one last. */
  readonly segments: readonly RetainedSegment[];
  readonly config: LogConfig;
  readonly nowMs: number;
  readonly logStartOffset: number;
  /** Segments that reach beyond it stay: not every replica has their records yet. */
  readonly deletableEndOffset: number;
}

/** How many of the oldest segments go, by Kafka's rules: retention.ms, retention.bytes, and what lies below the log start. */
export function countDeletable(input: RetentionInput): number {
  const { segments, config, nowMs } = input;
  const byTime = (segment: RetainedSegment) => nowMs - segment.largestTimestampMs > config.retentionMs;
  const byStart = (segment: RetainedSegment) => segment.endOffset <= input.logStartOffset;
  let excessBytes = segments.reduce((sum, segment) => sum + segment.sizeBytes, 0) - config.retentionBytes;
  const bySize = (segment: RetainedSegment) => {
    if (excessBytes < segment.sizeBytes) return false;
    excessBytes -= segment.sizeBytes;
    return true;
  };
  const deletes = config.cleanupPolicy.delete;
  return Math.max(
    countWhile(input, byStart),
    deletes && config.retentionMs >= 0 ? countWhile(input, byTime) : 0,
    deletes && config.retentionBytes >= 0 ? countWhile(input, bySize) : 0,
  );
}

function countWhile(input: RetentionInput, isDeletable: (segment: RetainedSegment) => boolean): number {
  const { segments, deletableEndOffset } = input;
  let count = 0;
  for (const [index, segment] of segments.entries()) {
    // An empty active segment has nothing to delete.
    if (index === segments.length - 1 && segment.sizeBytes === 0) break;
    if (segment.endOffset > deletableEndOffset || !isDeletable(segment)) break;
    count += 1;
  }
  return count;
}
