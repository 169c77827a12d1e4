import type { LogConfig } from './log-config.ts';
import { RELATIVE_OFFSET_MAX } from './segment-scan.ts';

/** A sealed segment as grouping sees it. */
export interface GroupableSegment {
  readonly baseOffset: number;
  /** Exclusive. */
  readonly endOffset: number;
  readonly sizeBytes: number;
  /** Of its offset index and its time index, or the log's own estimate where they are not known. */
  readonly offsetIndexBytes: number;
  readonly timeIndexBytes: number;
}

/**
 * Puts neighbours together that make one segment: as long as log and index files stay within segment.bytes and segment.index.bytes, and
 * offsets within what an index can tell. Sizes before cleaning count, so that a group never gets too large.
 */
export function groupSegments<Item extends GroupableSegment>(
  segments: readonly Item[],
  config: Pick<LogConfig, 'segmentBytes' | 'segmentIndexBytes'>,
): Item[][] {
  const groups: Item[][] = [];
  let open: Item[] = [];
  let [logBytes, offsetIndexBytes, timeIndexBytes] = [0, 0, 0];
  for (const segment of segments) {
    const first = open[0] ?? segment;
    logBytes += segment.sizeBytes;
    offsetIndexBytes += segment.offsetIndexBytes;
    timeIndexBytes += segment.timeIndexBytes;
    const fits =
      logBytes <= config.segmentBytes &&
      offsetIndexBytes <= config.segmentIndexBytes &&
      timeIndexBytes <= config.segmentIndexBytes &&
      segment.endOffset - 1 - first.baseOffset <= RELATIVE_OFFSET_MAX;
    if (open.length > 0 && !fits) {
      groups.push(open);
      open = [];
      [logBytes, offsetIndexBytes, timeIndexBytes] = [
        segment.sizeBytes,
        segment.offsetIndexBytes,
        segment.timeIndexBytes,
      ];
    }
    open.push(segment);
  }
  if (open.length > 0) groups.push(open);
  return groups;
}
