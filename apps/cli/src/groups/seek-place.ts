import { parseOffsetRange } from '../offsets/offset-range.ts';

/** Where a group shall go on. */
export type SeekPlace =
  | { readonly type: 'start' | 'end' }
  | { readonly type: 'offset'; readonly offset: number }
  /** From what is committed now. */
  | { readonly type: 'relative'; readonly by: number }
  | { readonly type: 'time'; readonly timestampMs: number }
  /** Where another group stands. */
  | { readonly type: 'group'; readonly group: string };

/** Parses `--to`: `start`, `end`, `42`, `+10`, `-10`, `@-1h`, `@2026-01-31`, `group:NAME`. Throws with what is wrong. */
export function parseSeekPlace(text: string, nowMs: number): SeekPlace {
  const relative = /^([+-])(\d{1,15})$/.exec(text);
  if (relative !== null) return { type: 'relative', by: Number(text) };
  const { from, to } = parseOffsetRange(text, nowMs);
  const isPlain = to === undefined;
  if (isPlain && from.type === 'start' && from.plus === 0) return { type: 'start' };
  if (isPlain && from.type === 'end' && from.minus === 0) return { type: 'end' };
  if (isPlain && (from.type === 'offset' || from.type === 'time' || from.type === 'group')) return from;
  throw new Error(`${JSON.stringify(text)} is no place to seek to; try start, end, 42, +10, -10, @-1h or group:NAME`);
}
