import { FormatError } from '../format/format-error.ts';

/** A piece of a filter expression; `at` counts characters from its start. */
export type Token =
  | { readonly type: 'number'; readonly value: number; readonly at: number }
  | { readonly type: 'duration'; readonly ms: number; readonly at: number }
  | { readonly type: 'text'; readonly value: string; readonly at: number }
  | { readonly type: 'name'; readonly value: string; readonly at: number }
  | { readonly type: 'sign'; readonly value: string; readonly at: number };

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const pieces =
  /\s*(?:(?<duration>\d+(?:\.\d+)?(?<unit>ms|[smhd]))(?![\w.])|(?<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])|(?<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?<name>[A-Za-z_][\w]*)|(?<sign>==|!=|<=|>=|&&|\|\||[<>!()[\].,+\-*/%]))/y;

/** The pieces of an expression. Throws `FormatError` where there is none. */
export function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  pieces.lastIndex = 0;
  let from = 0;
  while (text.slice(from).trim() !== '') {
    const groups = pieces.exec(text)?.groups;
    const at = from + (/^\s*/.exec(text.slice(from))?.[0].length ?? 0);
    if (groups === undefined) throw new FormatError(`--filter: what is ${JSON.stringify(text.slice(at, at + 12))}`, at);
    const { duration, unit = 'ms', number, text: quoted, name, sign } = groups;
    if (duration !== undefined)
      tokens.push({ type: 'duration', ms: Number.parseFloat(duration) * (unitsMs[unit] ?? 1), at });
    else if (number !== undefined) tokens.push({ type: 'number', value: Number(number), at });
    else if (quoted !== undefined) tokens.push({ type: 'text', value: unquoted(quoted, at), at });
    else if (name !== undefined) tokens.push({ type: 'name', value: name, at });
    else tokens.push({ type: 'sign', value: sign ?? '', at });
    from = pieces.lastIndex;
  }
  return tokens;
}

function unquoted(quoted: string, at: number): string {
  const inner = quoted.slice(1, -1);
  const asJson = quoted.startsWith('"') ? quoted : `"${inner.replaceAll("\\'", "'").replaceAll('"', '\\"')}"`;
  try {
    const value: unknown = JSON.parse(asJson);
    if (typeof value === 'string') return value;
  } catch {
    // Told below.
  }
  throw new FormatError(`--filter: ${quoted} is no text`, at);
}
