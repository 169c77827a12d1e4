import type { TimestampedOffset } from './log-options.ts';
import type { LogParts } from './log-parts.ts';
import { holding, type Segment } from './segment.ts';
import { loadIndexes } from './segment-indexes.ts';
import { searchTimestamp, type TimestampQuery } from './timestamp-search.ts';

/** The first record of the whole log that answers `query`. */
export async function searchLog(
  parts: LogParts,
  query: TimestampQuery,
  indexIntervalBytes: number,
): Promise<TimestampedOffset | undefined> {
  const candidates = parts.segments.all.filter((segment) => segment.endOffset > query.fromOffset);
  // Held from the start: a compaction may take their place while the first ones are searched.
  return holding(candidates, async () => {
    for (const segment of candidates) {
      if (segment.baseOffset >= query.upToOffset) return undefined;
      const found = await searchSegment(parts, segment, query, indexIntervalBytes);
      if (found !== undefined) return found;
    }
    return undefined;
  });
}

/** The first record with the greatest timestamp of the log (KIP-734). */
export async function searchMaxTimestamp(
  parts: LogParts,
  range: Omit<TimestampQuery, 'timestampMs'>,
  indexIntervalBytes: number,
): Promise<TimestampedOffset | undefined> {
  const segments = [...parts.segments.all];
  return holding(segments, async () => {
    let best: Segment | undefined;
    for (const segment of segments) {
      if (segment.maxTimestampMs === undefined) await loadIndexes(parts.environment, segment, indexIntervalBytes);
      if ((segment.maxTimestampMs ?? -1) > (best?.maxTimestampMs ?? -1)) best = segment;
    }
    if (best?.maxTimestampMs === undefined) return undefined;
    return searchSegment(parts, best, { ...range, timestampMs: best.maxTimestampMs }, indexIntervalBytes);
  });
}

/** In a segment that is held. */
async function searchSegment(
  parts: LogParts,
  segment: Segment,
  query: TimestampQuery,
  indexIntervalBytes: number,
): Promise<TimestampedOffset | undefined> {
  if (segment.maxTimestampMs === undefined) await loadIndexes(parts.environment, segment, indexIntervalBytes);
  if (segment.writtenBytes === 0 || (segment.maxTimestampMs ?? -1) < query.timestampMs) return undefined;
  return parts.reader.withIndexes(segment, (indexes) => searchTimestamp(parts.environment, segment, indexes, query));
}
