import { perlClass, unicodeClass } from './classes.ts';
import { type Assertion, type CharacterSet, inverted, isDigit, isLetter, RegexError } from './syntax.ts';

/** What an escape stands for. */
export type EscapeMeaning =
  | { readonly type: 'character'; readonly code: number }
  | { readonly type: 'class'; readonly set: CharacterSet }
  | { readonly type: 'assertion'; readonly assertion: Assertion };

const assertions: Readonly<Record<string, Assertion>> = {
  A: 'text-start',
  z: 'text-end',
  b: 'word-edge',
  B: 'no-word-edge',
};

const controls: Readonly<Record<string, number>> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 };

/** The escape whose backslash stands before `at`, and how many characters it takes. Throws a `RegexError`. */
export function escapeAt(text: string, at: number): { readonly meaning: EscapeMeaning; readonly length: number } {
  const code = text.codePointAt(at);
  if (code === undefined) throw new RegexError('it ends with a backslash');
  const letter = String.fromCodePoint(code);
  const set = perlClass(letter);
  if (set !== undefined) return { meaning: { type: 'class', set }, length: 1 };
  const assertion = Object.hasOwn(assertions, letter) ? assertions[letter] : undefined;
  if (assertion !== undefined) return { meaning: { type: 'assertion', assertion }, length: 1 };
  const control = Object.hasOwn(controls, letter) ? controls[letter] : undefined;
  if (control !== undefined) return character(control, 1);
  if (letter === 'p' || letter === 'P') return unicode(text, at);
  if (letter === 'x') return hexadecimal(text, at);
  if (isDigit(code)) return octal(text, at);
  // Punctuation stands for itself; a letter without a meaning is more likely a mistake.
  if (code < 128 && !isLetter(code)) return character(code, letter.length);
  throw new RegexError(`\\${letter} has no meaning`);
}

function character(code: number, length: number): ReturnType<typeof escapeAt> {
  return { meaning: { type: 'character', code }, length };
}

function unicode(text: string, at: number): ReturnType<typeof escapeAt> {
  const found = /^[pP](?:\{(\^?)([^}]{1,40})\}|([A-Z]))/.exec(text.slice(at, at + 50));
  const name = found?.[2] ?? found?.[3] ?? '';
  const set = unicodeClass(name);
  if (found === null || set === undefined) throw new RegexError(`\\${text[at]}{${name}}: there is no such class`);
  const isInverted = (text[at] === 'P') !== (found[1] === '^');
  return { meaning: { type: 'class', set: isInverted ? inverted(set) : set }, length: found[0].length };
}

function hexadecimal(text: string, at: number): ReturnType<typeof escapeAt> {
  const found = /^x(?:([0-9a-fA-F]{2})|\{([0-9a-fA-F]{1,6})\})/.exec(text.slice(at, at + 10));
  const code = Number.parseInt(found?.[1] ?? found?.[2] ?? '', 16);
  if (found === null || !(code <= 0x10ffff)) throw new RegexError('\\x must be followed by two digits or {digits}');
  return character(code, found[0].length);
}

/** RE2 reads `\1` to `\9` alone as back references, which it does not have. */
function octal(text: string, at: number): ReturnType<typeof escapeAt> {
  const found = /^(?:0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(text.slice(at, at + 3));
  if (found === null) throw new RegexError(`\\${text[at]}: there are no back references`);
  return character(Number.parseInt(found[0], 8), found[0].length);
}
