/** One `key=value` of a properties file. */
export interface Property {
  readonly key: string;
  readonly value: string;
  /** Of the logical line's first natural line, from 1. */
  readonly line: number;
}

/** A properties file that cannot be read, with its line. */
export class PropertiesError extends Error {
  readonly line: number;
  constructor(line: number, reason: string) {
    super(`line ${line}: ${reason}`);
    this.name = 'PropertiesError';
    this.line = line;
  }
}

const isBlank = (character: string | undefined): boolean =>
  character === ' ' || character === '\t' || character === '\f';

/** True where the line ends in an odd number of backslashes, so that the next line belongs to it. */
function continues(line: string): boolean {
  let backslashes = 0;
  while (line[line.length - 1 - backslashes] === '\\') backslashes++;
  return backslashes % 2 === 1;
}

function trimStart(line: string): string {
  let from = 0;
  while (isBlank(line[from])) from++;
  return line.slice(from);
}

const escapes: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };

function unescapeProperty(text: string, line: number): string {
  if (!text.includes('\\')) return text;
  let out = '';
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character !== '\\') {
      out += character;
      continue;
    }
    const next = text[++at];
    if (next === undefined) break; // a lone backslash at the end of the file means nothing
    if (next !== 'u') {
      out += escapes[next] ?? next;
      continue;
    }
    const digits = text.slice(at + 1, at + 5);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw new PropertiesError(line, 'malformed \\uXXXX escape');
    out += String.fromCharCode(Number.parseInt(digits, 16));
    at += 4;
  }
  return out;
}

/** Position of the first separator (`=`, `:` or blank) that is not escaped; the length where there is none. */
function keyEnd(line: string): number {
  for (let at = 0; at < line.length; at++) {
    const character = line[at];
    if (character === '\\') at++;
    else if (character === '=' || character === ':' || isBlank(character)) return at;
  }
  return line.length;
}

function splitProperty(line: string, number: number): Property {
  const end = keyEnd(line);
  let from = end;
  while (isBlank(line[from])) from++;
  if (line[from] === '=' || line[from] === ':') from++;
  while (isBlank(line[from])) from++;
  return {
    key: unescapeProperty(line.slice(0, end), number),
    value: unescapeProperty(line.slice(from), number),
    line: number,
  };
}

/**
 * Parses Java's `.properties` syntax: `#` and `!` comments, `=`, `:` or blanks between key and value, backslash escapes and
 * continuation lines. Later keys win where a key is repeated; that is for the caller, all of them are returned in order.
 */
export function parseProperties(source: string): readonly Property[] {
  const natural = source.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  const properties: Property[] = [];
  for (let at = 0; at < natural.length; at++) {
    let logical = trimStart(natural[at] ?? '');
    if (logical === '' || logical.startsWith('#') || logical.startsWith('!')) continue;
    const first = at + 1;
    while (continues(logical)) {
      const next = natural[at + 1];
      logical = logical.slice(0, -1);
      if (next === undefined) break;
      logical += trimStart(next);
      at++;
    }
    if (logical !== '') properties.push(splitProperty(logical, first));
  }
  return properties;
}

const reverseEscapes: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r', '\f': '\\f' };

function escapeProperty(text: string, isKey: boolean): string {
  let out = '';
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? '';
    const special = reverseEscapes[character];
    if (special !== undefined) out += special;
    else if (character === '\\' || character === '#' || character === '!' || character === '=' || character === ':') {
      out += `\\${character}`;
    } else if (character === ' ' && (isKey || at === 0)) out += '\\ ';
    else out += character;
  }
  return out;
}

/** Writes one property so that `parseProperties` reads the same key and value. */
export function formatProperty(key: string, value: string): string {
  return `${escapeProperty(key, true)}=${escapeProperty(value, false)}`;
}
