const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const two = (value: number): string => String(value).padStart(2, '0');
const at = (names: readonly string[], index: number): string => names[index] ?? '';
const half = (date: Date): number => date.getUTCHours() % 12 || 12;
const dayOfYear = (date: Date): number =>
  Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000) + 1;

/** Go's reference time, longest spellings first, each with what it prints. Times are UTC, as rpk prints them. */
const goPieces: readonly (readonly [string, (date: Date) => string])[] = [
  ['January', (d) => at(months, d.getUTCMonth())],
  ['Monday', (d) => at(days, d.getUTCDay())],
  ['2006', (d) => String(d.getUTCFullYear())],
  ['-07:00', () => '+00:00'],
  ['Z07:00', () => 'Z'],
  ['-0700', () => '+0000'],
  ['Z0700', () => 'Z'],
  ['.000000000', (d) => `.${String(d.getUTCMilliseconds()).padStart(3, '0')}000000`],
  ['.999999999', (d) => fraction(d)],
  ['.000000', (d) => `.${String(d.getUTCMilliseconds()).padStart(3, '0')}000`],
  ['.999999', (d) => fraction(d)],
  ['.000', (d) => `.${String(d.getUTCMilliseconds()).padStart(3, '0')}`],
  ['.999', (d) => fraction(d)],
  ['Jan', (d) => at(months, d.getUTCMonth()).slice(0, 3)],
  ['Mon', (d) => at(days, d.getUTCDay()).slice(0, 3)],
  ['MST', () => 'UTC'],
  ['002', (d) => String(dayOfYear(d)).padStart(3, '0')],
  ['01', (d) => two(d.getUTCMonth() + 1)],
  ['02', (d) => two(d.getUTCDate())],
  ['03', (d) => two(half(d))],
  ['04', (d) => two(d.getUTCMinutes())],
  ['05', (d) => two(d.getUTCSeconds())],
  ['06', (d) => two(d.getUTCFullYear() % 100)],
  ['15', (d) => two(d.getUTCHours())],
  ['PM', (d) => (d.getUTCHours() < 12 ? 'AM' : 'PM')],
  ['pm', (d) => (d.getUTCHours() < 12 ? 'am' : 'pm')],
  ['_2', (d) => String(d.getUTCDate()).padStart(2, ' ')],
  ['1', (d) => String(d.getUTCMonth() + 1)],
  ['2', (d) => String(d.getUTCDate())],
  ['3', (d) => String(half(d))],
  ['4', (d) => String(d.getUTCMinutes())],
  ['5', (d) => String(d.getUTCSeconds())],
];

function fraction(date: Date): string {
  const digits = String(date.getUTCMilliseconds()).padStart(3, '0').replace(/0+$/, '');
  return digits === '' ? '' : `.${digits}`;
}

/** `timestampMs` by a layout in Go's reference time (`2006-01-02T15:04:05Z07:00`), in UTC. */
export function formatGoTime(timestampMs: number, layout: string): string {
  const date = new Date(timestampMs);
  let out = '';
  for (let position = 0; position < layout.length; ) {
    const piece = goPieces.find(([spelling]) => layout.startsWith(spelling, position));
    out += piece === undefined ? layout[position] : piece[1](date);
    position += piece === undefined ? 1 : piece[0].length;
  }
  return out;
}

const strftimeVerbs: Readonly<Record<string, (date: Date) => string>> = {
  Y: (d) => String(d.getUTCFullYear()),
  y: (d) => two(d.getUTCFullYear() % 100),
  m: (d) => two(d.getUTCMonth() + 1),
  d: (d) => two(d.getUTCDate()),
  e: (d) => String(d.getUTCDate()).padStart(2, ' '),
  H: (d) => two(d.getUTCHours()),
  I: (d) => two(half(d)),
  M: (d) => two(d.getUTCMinutes()),
  S: (d) => two(d.getUTCSeconds()),
  f: (d) => `${String(d.getUTCMilliseconds()).padStart(3, '0')}000`,
  L: (d) => String(d.getUTCMilliseconds()).padStart(3, '0'),
  p: (d) => (d.getUTCHours() < 12 ? 'AM' : 'PM'),
  A: (d) => at(days, d.getUTCDay()),
  a: (d) => at(days, d.getUTCDay()).slice(0, 3),
  B: (d) => at(months, d.getUTCMonth()),
  b: (d) => at(months, d.getUTCMonth()).slice(0, 3),
  h: (d) => at(months, d.getUTCMonth()).slice(0, 3),
  j: (d) => String(dayOfYear(d)).padStart(3, '0'),
  u: (d) => String(d.getUTCDay() || 7),
  w: (d) => String(d.getUTCDay()),
  s: (d) => String(Math.floor(d.getTime() / 1000)),
  Z: () => 'UTC',
  z: () => '+0000',
  n: () => '\n',
  t: () => '\t',
  '%': () => '%',
};
const strftimeShorthands: Readonly<Record<string, string>> = {
  F: '%Y-%m-%d',
  T: '%H:%M:%S',
  D: '%m/%d/%y',
  R: '%H:%M',
  r: '%I:%M:%S %p',
  c: '%a %b %e %H:%M:%S %Y',
};

/** `timestampMs` by a C `strftime` layout, in UTC. Unknown verbs stay as they are. */
export function formatStrftime(timestampMs: number, layout: string): string {
  const date = new Date(timestampMs);
  const full = layout.replace(/%([FTDRrc])/g, (_, verb: string) => strftimeShorthands[verb] ?? '');
  return full.replace(/%(.)/g, (whole, verb: string) => strftimeVerbs[verb]?.(date) ?? whole);
}
