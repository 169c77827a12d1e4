import type { LogConfig } from './log-config.ts';
import { OFFSET_INDEX_ENTRY_BYTES } from './offset-index.ts';
import type { Segment } from './segment.ts';
import { RELATIVE_OFFSET_MAX } from './segment-scan.ts';
import { TIME_INDEX_ENTRY_BYTES } from './time-index.ts';

export interface RollInput {
  readonly config: LogConfig;
  /** This segment's share of segment.jitter.ms. */
  readonly rollJitterMs: number;
  readonly nowMs: number;
  /** The batch that is to be appended. */
  readonly sizeBytes: number;
  readonly lastOffset: number;
  readonly maxTimestampMs: number;
}

/** Whether a batch goes to a new segment: the active one is full, too old, its indexes are full, or offsets would not fit them. */
export function shouldRoll(segment: Segment, input: RollInput): boolean {
  if (input.lastOffset - segment.baseOffset > RELATIVE_OFFSET_MAX) return true;
  if (segment.sizeBytes === 0) return false;
  const { config } = input;
  if (segment.sizeBytes + input.sizeBytes > config.segmentBytes) return true;
  if (ageMs(segment, input) > Math.max(0, ageMax(config) - input.rollJitterMs)) return true;
  const offsetsBytes = segment.indexes?.offsets.sizeBytes ?? 0;
  const timesBytes = segment.indexes?.times.sizeBytes ?? 0;
  // The time index keeps room for the entry that sealing adds.
  return (
    offsetsBytes + OFFSET_INDEX_ENTRY_BYTES > config.segmentIndexBytes ||
    timesBytes + 2 * TIME_INDEX_ENTRY_BYTES > config.segmentIndexBytes
  );
}

/** segment.ms as it is now; a compacted log's records must besides come out of the active segment in time for max.compaction.lag.ms. */
function ageMax({ segmentMs, cleanupPolicy, maxCompactionLagMs }: LogConfig): number {
  return cleanupPolicy.compact ? Math.min(segmentMs, maxCompactionLagMs) : segmentMs;
}

/** By record time where the segment's first batch has one, else by the clock. */
function ageMs(segment: Segment, input: RollInput): number {
  const first = segment.firstTimestampMs ?? -1;
  return first >= 0 ? input.maxTimestampMs - first : input.nowMs - segment.createdMs;
}
