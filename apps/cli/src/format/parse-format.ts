import type { AttributeName, FormatPart, NumberField, TextEncoding, TextField, TimeLayout } from './format.ts';
import { FormatError } from './format-error.ts';
import { type NumberEncoding, numberEncodings } from './number-encoding.ts';

const textVerbs: Readonly<Record<string, TextField>> = { t: 'topic', k: 'key', v: 'value' };
const numberVerbs: Readonly<Record<string, NumberField>> = {
  T: 'topicLength',
  K: 'keyLength',
  V: 'valueLength',
  H: 'headerCount',
  p: 'partition',
  o: 'offset',
  e: 'leaderEpoch',
  x: 'producerId',
  y: 'producerEpoch',
  i: 'iteration',
  '[': 'logStartOffset',
  '|': 'lastStableOffset',
  ']': 'highWatermark',
};
const attributeNames: readonly AttributeName[] = ['compression', 'timestamp-type', 'transactional-bit', 'control-bit'];
const escapes: Readonly<Record<string, number>> = { t: 9, n: 10, r: 13, '\\': 92, '0': 0 };
const utf8 = new TextEncoder();

interface Cursor {
  readonly text: string;
  at: number;
}

/** Parses rpk's format language. Throws `FormatError` with the position of what it does not understand. */
export function parseFormat(text: string): readonly FormatPart[] {
  return parseParts({ text, at: 0 }, false);
}

function parseParts(cursor: Cursor, inHeaders: boolean): readonly FormatPart[] {
  const parts: FormatPart[] = [];
  let literal: number[] = [];
  const endLiteral = (): void => {
    if (literal.length > 0) parts.push({ type: 'literal', bytes: Uint8Array.from(literal) });
    literal = [];
  };
  while (cursor.at < cursor.text.length) {
    const code = cursor.text.codePointAt(cursor.at) ?? 0;
    const character = String.fromCodePoint(code);
    cursor.at += character.length;
    if (character === '\\') literal.push(parseEscape(cursor));
    else if (character === '%' && /[%{}]/.test(cursor.text[cursor.at] ?? ''))
      literal.push(...utf8.encode(cursor.text[cursor.at++]));
    else if (character === '%') {
      endLiteral();
      parts.push(parseVerb(cursor, inHeaders));
    } else if (character === '}' && inHeaders) {
      endLiteral();
      return parts;
    } else literal.push(...utf8.encode(character));
  }
  if (inHeaders) throw new FormatError('%h{ is not closed by }', cursor.at);
  endLiteral();
  return parts;
}

function parseEscape(cursor: Cursor): number {
  const character = cursor.text[cursor.at++] ?? '';
  if (character === 'x') {
    const hex = cursor.text.slice(cursor.at, cursor.at + 2);
    if (!/^[0-9a-fA-F]{2}$/.test(hex)) throw new FormatError('\\x takes two hexadecimal digits', cursor.at);
    cursor.at += 2;
    return Number.parseInt(hex, 16);
  }
  const byte = escapes[character];
  if (byte === undefined)
    throw new FormatError(`unknown escape \\${character}; known are \\t \\n \\r \\\\ \\0 \\xNN`, cursor.at - 1);
  return byte;
}

function parseVerb(cursor: Cursor, inHeaders: boolean): FormatPart {
  const start = cursor.at - 1;
  const verb = cursor.text[cursor.at++] ?? '';
  const text = textVerbs[verb];
  if (text !== undefined) return { type: 'text', field: text, encoding: parseTextEncoding(cursor) };
  const number = numberVerbs[verb];
  if (number !== undefined) return { type: 'number', field: number, ...parseNumberModifier(cursor) };
  if (verb === 'd') return { type: 'timestamp', layout: parseTimeLayout(cursor) };
  if (verb === 'a') return parseAttribute(cursor, start);
  if (verb === 'h' && !inHeaders) {
    if (cursor.text[cursor.at] !== '{') throw new FormatError('%h takes a format in braces: %h{ %k=%v }', start);
    cursor.at++;
    return { type: 'headers', parts: parseParts(cursor, true) };
  }
  throw new FormatError(
    verb === '' ? '% stands alone at the end; write %% for a percent sign' : `unknown verb %${verb}`,
    start,
  );
}

/** The text of a `{...}` modifier, or undefined where none follows. Wrappers inside (`[..]`, `#..#`) may hold braces. */
function modifier(cursor: Cursor): string | undefined {
  if (cursor.text[cursor.at] !== '{') return undefined;
  const wrapped = /^\{(go|strftime|unpack|re)(\[+|\(+|\{+|#+)/.exec(cursor.text.slice(cursor.at));
  const from = cursor.at + 1;
  if (wrapped !== null) {
    const closing = mirror(wrapped[2] ?? '');
    const end = cursor.text.indexOf(`${closing}}`, from + (wrapped[0]?.length ?? 0) - 1);
    if (end < 0) throw new FormatError(`{${wrapped[1]}${wrapped[2]} is not closed by ${closing}}`, cursor.at);
    cursor.at = end + closing.length + 1;
    return cursor.text.slice(from, end + closing.length);
  }
  const end = cursor.text.indexOf('}', from);
  if (end < 0) throw new FormatError('{ is not closed by }', cursor.at);
  cursor.at = end + 1;
  return cursor.text.slice(from, end);
}

/** The closing of an opening run: `[[` is closed by `]]`, `{` by `}`, `##` by `##`. */
function mirror(opening: string): string {
  const pairs: Readonly<Record<string, string>> = { '[': ']', '{': '}', '(': ')' };
  return [...opening]
    .reverse()
    .map((character) => pairs[character] ?? character)
    .join('');
}

/** Splits `go[layout]` into its name and what the wrapper holds. */
function unwrap(text: string): { readonly name: string; readonly inner: string } | undefined {
  const match = /^(go|strftime|unpack|re)(\[+|\(+|\{+|#+)/.exec(text);
  if (match === null) return undefined;
  const opening = match[2] ?? '';
  const from = (match[1] ?? '').length + opening.length;
  return { name: match[1] ?? '', inner: text.slice(from, text.length - opening.length) };
}

function parseTextEncoding(cursor: Cursor): TextEncoding {
  const at = cursor.at;
  const text = modifier(cursor);
  if (text === undefined) return { type: 'raw' };
  if (text === 'hex' || text === 'base64' || text === 'base64raw' || text === 'json') return { type: text };
  const wrapped = unwrap(text);
  if (wrapped?.name === 'unpack') return { type: 'unpack', pattern: wrapped.inner };
  if (wrapped?.name === 're') return { type: 're', expression: wrapped.inner };
  throw new FormatError(`unknown modifier {${text}}; known are hex, base64, base64raw, json, unpack[...], re#...#`, at);
}

function asNumberEncoding(text: string): NumberEncoding | undefined {
  if (text === 'number') return 'ascii';
  return numberEncodings.find((known) => known === text);
}

function parseNumberModifier(cursor: Cursor): { readonly encoding: NumberEncoding; readonly digits: number } {
  const at = cursor.at;
  const text = modifier(cursor);
  if (text === undefined) return { encoding: 'ascii', digits: 0 };
  if (/^[1-9]\d?$/.test(text)) return { encoding: 'ascii', digits: Number(text) };
  const encoding = asNumberEncoding(text);
  if (encoding === undefined)
    throw new FormatError(`unknown number format {${text}}; known are ${numberEncodings.join(', ')}`, at);
  return { encoding, digits: 0 };
}

function parseTimeLayout(cursor: Cursor): TimeLayout {
  const at = cursor.at;
  const text = modifier(cursor);
  if (text === undefined) return { type: 'number', encoding: 'ascii' };
  const wrapped = unwrap(text);
  if (wrapped?.name === 'go' || wrapped?.name === 'strftime') return { type: wrapped.name, layout: wrapped.inner };
  const encoding = asNumberEncoding(text);
  if (encoding === undefined)
    throw new FormatError(`unknown time format {${text}}; known are go[...], strftime[...] and the number formats`, at);
  return { type: 'number', encoding };
}

function parseAttribute(cursor: Cursor, start: number): FormatPart {
  const [name, number] = (modifier(cursor) ?? '').split(';', 2);
  const known = attributeNames.find((candidate) => candidate === name);
  if (known === undefined) throw new FormatError(`%a takes one of {${attributeNames.join('}, {')}}`, start);
  if (number === undefined) return { type: 'attribute', name: known, encoding: undefined };
  const encoding = asNumberEncoding(number.trim());
  if (encoding === undefined) throw new FormatError(`unknown number format ${number}`, start);
  return { type: 'attribute', name: known, encoding };
}
