import type { OffsetPoint, OffsetRange } from '../offsets/offset-range.ts';

/** What is known of a partition before it is read. */
export interface PartitionBounds {
  readonly topic: string;
  readonly partition: number;
  readonly beginning: number;
  /** The offset that the next record gets; under read_committed the last stable offset. */
  readonly end: number;
  /** Where `from` is a time: the first offset at or after it, -1 when no record is that late. */
  readonly fromTime: number | undefined;
  /** The same for `to`. */
  readonly toTime: number | undefined;
  /** Where `from` is a group: what it has committed, if anything. */
  readonly committed: number | undefined;
}

/** How one partition is read. */
export interface PartitionPlan {
  readonly topic: string;
  readonly partition: number;
  /** Where the reading starts: an offset that the log has, or its end. */
  readonly start: number;
  /** Records below are not shown: an offset beyond the end was asked for. */
  readonly shownFrom: number;
  /** Where the reading stops; undefined follows for ever. Never beyond the end that was seen, so that it is always reached. */
  readonly stop: number | undefined;
}

/** Where a partition is read from and to. `stopAtEnd` ends an open range at the end that was seen. */
export function planPartition(range: OffsetRange, bounds: PartitionBounds, stopAtEnd: boolean): PartitionPlan {
  const { topic, partition, beginning, end } = bounds;
  const from = offsetOf(range.from, bounds, bounds.fromTime);
  const to = range.to === undefined ? undefined : Math.min(end, offsetOf(range.to, bounds, bounds.toTime));
  return {
    topic,
    partition,
    start: Math.min(Math.max(from, beginning), end),
    shownFrom: from,
    stop: to ?? (stopAtEnd ? end : undefined),
  };
}

/** Whether nothing lies between where the reading starts and where it stops. */
export function isEmptyPlan({ start, shownFrom, stop }: PartitionPlan): boolean {
  return stop !== undefined && Math.max(start, shownFrom) >= stop;
}

function offsetOf(point: OffsetPoint, bounds: PartitionBounds, time: number | undefined): number {
  const { beginning, end } = bounds;
  switch (point.type) {
    case 'start':
      return beginning + point.plus;
    case 'end':
      return Math.max(beginning, end - point.minus);
    case 'offset':
      return point.offset;
    case 'time':
      return time === undefined || time < 0 ? end : time;
    case 'group':
      return bounds.committed ?? beginning;
    default:
      throw new TypeError(`an offset of type ${point.type} is looked up before a partition is planned`);
  }
}

/** A range as the line on stderr tells it: `start→live`, `end-10→end`, `5→10`. */
export function rangeLabel(range: OffsetRange, stopAtEnd: boolean): string {
  const to = range.to === undefined ? (stopAtEnd ? 'end' : 'live') : pointLabel(range.to);
  return `${pointLabel(range.from)}→${to}`;
}

function pointLabel(point: OffsetPoint): string {
  switch (point.type) {
    case 'start':
      return point.plus === 0 ? 'start' : `start+${point.plus}`;
    case 'end':
      return point.minus === 0 ? 'end' : `end-${point.minus}`;
    case 'offset':
      return String(point.offset);
    case 'time':
      return new Date(point.timestampMs).toISOString();
    case 'group':
      return `group ${point.group}`;
    default:
      return point.type;
  }
}
