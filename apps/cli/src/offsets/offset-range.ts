/** A point in a partition that a consumer can be asked to start or to stop at. Offsets are whole numbers, times milliseconds since the Unix epoch. */
export type OffsetPoint =
  | { readonly type: 'start'; readonly plus: number }
  | { readonly type: 'end'; readonly minus: number }
  | { readonly type: 'offset'; readonly offset: number }
  | { readonly type: 'time'; readonly timestampMs: number }
  | { readonly type: 'stored' }
  | { readonly type: 'group'; readonly group: string };

/** What to read: from `from` up to, but not including, `to`; undefined follows for ever. */
export interface OffsetRange {
  readonly from: OffsetPoint;
  readonly to: OffsetPoint | undefined;
}

/** An offset range that cannot be understood. */
export class OffsetRangeError extends Error {
  constructor(text: string, why: string) {
    super(`offset ${JSON.stringify(text)}: ${why}`);
    this.name = 'OffsetRangeError';
  }
}

const start = { type: 'start', plus: 0 } as const;
const end = { type: 'end', minus: 0 } as const;

/**
 * Parses `-o` in the spellings of rpk (`start end N +N -N N: :N N:M :end @t @t: @:t @t1:t2`), kcl (`start+5 end-3 @now`),
 * kcat (`beginning end stored N -N s@ms e@ms`) and ks (`group:NAME`). `nowMs` is what `@now` and `@-1h` count from.
 */
export function parseOffsetRange(text: string, nowMs: number): OffsetRange {
  const trimmed = text.trim();
  if (trimmed === '') throw new OffsetRangeError(text, 'is empty');
  if (trimmed.startsWith('group:')) return groupRange(text, trimmed.slice('group:'.length));
  if (/^s@/.test(trimmed)) return { from: time(text, trimmed.slice(2), nowMs, undefined), to: undefined };
  if (/^e@/.test(trimmed)) return { from: start, to: time(text, trimmed.slice(2), nowMs, undefined) };
  if (trimmed.startsWith('@')) return timeRange(text, trimmed.slice(1), nowMs);
  const colon = trimmed.indexOf(':');
  if (colon < 0) return { from: point(text, trimmed), to: undefined };
  const [left, right] = [trimmed.slice(0, colon), trimmed.slice(colon + 1)];
  const from = left === '' ? start : point(text, left);
  return ordered(text, { from, to: right === '' ? undefined : point(text, right) });
}

function groupRange(text: string, group: string): OffsetRange {
  if (group === '') throw new OffsetRangeError(text, 'group: takes the name of a group');
  return { from: { type: 'group', group }, to: undefined };
}

function point(text: string, word: string): OffsetPoint {
  if (word === 'start' || word === 'beginning' || word === 'oldest') return start;
  if (word === 'end' || word === 'newest' || word === 'latest') return end;
  if (word === 'stored') return { type: 'stored' };
  const match = /^(start|end)?([+-]?)(\d+)$/.exec(word);
  if (match === null)
    throw new OffsetRangeError(
      text,
      `${JSON.stringify(word)} is no offset; try start, end, 42, +5, -10, 5:10, @-1h or group:NAME`,
    );
  const value = Number(match[3]);
  if (!Number.isSafeInteger(value)) throw new OffsetRangeError(text, `${word} is beyond what an offset can be`);
  const [, anchor, sign] = match;
  if (anchor === 'start' && sign === '+') return { type: 'start', plus: value };
  if (anchor === 'end' && sign === '-') return { type: 'end', minus: value };
  if (anchor !== undefined) throw new OffsetRangeError(text, 'only start+N and end-N make sense');
  if (sign === '+') return { type: 'start', plus: value };
  if (sign === '-') return { type: 'end', minus: value };
  return { type: 'offset', offset: value };
}

function timeRange(text: string, rest: string, nowMs: number): OffsetRange {
  const [left, right] = splitTimes(rest);
  if (left === '' && right === undefined) throw new OffsetRangeError(text, '@ takes a time');
  const from = left === '' ? start : time(text, left, nowMs, undefined);
  if (right === undefined || right === '') return { from, to: undefined };
  if (right === 'end') return { from, to: end };
  return ordered(text, { from, to: time(text, right, nowMs, from.type === 'time' ? from.timestampMs : undefined) });
}

/** Splits `t1:t2`, where an RFC 3339 time holds colons of its own. */
function splitTimes(rest: string): readonly [string, string | undefined] {
  const match = /^(\d{4}-\d{2}-\d{2}(?:[Tt ][\d:.]+(?:[Zz]|[+-]\d{2}:\d{2})?)?|[^:]*)(?::(.*))?$/.exec(rest);
  return [match?.[1] ?? rest, match?.[2]];
}

const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** A time: 13 digits ms, 10 digits s, 19 digits ns, a date, RFC 3339, `now`, `-1h` (before now), `1h` (after `relativeToMs`, else after now). */
function time(text: string, word: string, nowMs: number, relativeToMs: number | undefined): OffsetPoint {
  const at = (timestampMs: number): OffsetPoint => ({ type: 'time', timestampMs });
  if (word === 'now') return at(nowMs);
  if (word === 'end') return end;
  if (word === 'start') return start;
  if (/^\d{13}$/.test(word)) return at(Number(word));
  if (/^\d{10}$/.test(word)) return at(Number(word) * 1000);
  if (/^\d{19}$/.test(word)) return at(Number(BigInt(word) / 1_000_000n));
  if (/^\d{4}-\d{2}-\d{2}([Tt ]|$)/.test(word)) {
    const whole = word.length === 10 ? `${word}T00:00:00` : word;
    const parsed = Date.parse(/([Zz]|[+-]\d{2}:\d{2})$/.test(whole) && whole === word ? whole : `${whole}Z`);
    if (Number.isNaN(parsed)) throw new OffsetRangeError(text, `${JSON.stringify(word)} is no RFC 3339 time`);
    return at(parsed);
  }
  const duration = /^(-?)((?:\d+(?:\.\d+)?(?:ms|s|m|h|d|w))+)$/.exec(word);
  if (duration === null)
    throw new OffsetRangeError(
      text,
      `${JSON.stringify(word)} is no time; try 1700000000000, 2026-01-31, 2026-01-31T10:00:00Z, -1h or now`,
    );
  let lengthMs = 0;
  for (const [, amount, unit] of (duration[2] ?? '').matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g))
    lengthMs += Number(amount) * (units[unit ?? ''] ?? 0);
  return at(Math.round(duration[1] === '-' ? nowMs - lengthMs : (relativeToMs ?? nowMs) + lengthMs));
}

function ordered(text: string, range: OffsetRange): OffsetRange {
  const { from, to } = range;
  const backwards =
    (from.type === 'offset' && to?.type === 'offset' && from.offset > to.offset) ||
    (from.type === 'time' && to?.type === 'time' && from.timestampMs > to.timestampMs);
  if (backwards) throw new OffsetRangeError(text, 'the end lies before the start');
  return range;
}
