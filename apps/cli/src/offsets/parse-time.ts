import { OffsetRangeError, parseOffsetRange } from './offset-range.ts';

/** Parses a time as `-o` has it, with or without its `@`, to ms since 1970. Throws `OffsetRangeError`. */
export function parseTime(text: string, nowMs: number): number {
  const { from, to } = parseOffsetRange(text.startsWith('@') ? text : `@${text}`, nowMs);
  if (from.type === 'time' && to === undefined) return from.timestampMs;
  throw new OffsetRangeError(text, 'is no time; try @1700000000000, @2026-01-31, @2026-01-31T10:00:00Z or @-1h');
}
