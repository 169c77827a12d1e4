import { type CharacterSet, charactersWhere, inverted, isDigit, isLetter, isWordCharacter } from './syntax.ts';

const isLower = (code: number): boolean => code >= 0x61 && code <= 0x7a;
const isUpper = (code: number): boolean => code >= 0x41 && code <= 0x5a;
const isGraphic = (code: number): boolean => code > 0x20 && code < 0x7f;

/** `\d` and its like, by their letter. */
const perlClasses: Readonly<Record<string, CharacterSet>> = {
  d: charactersWhere(isDigit),
  s: charactersWhere((code) => code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0c || code === 0x0d),
  w: charactersWhere(isWordCharacter),
};

/** `[:alpha:]` and its like. */
const posixClasses: Readonly<Record<string, CharacterSet>> = {
  alnum: charactersWhere((code) => isDigit(code) || isLetter(code)),
  alpha: charactersWhere(isLetter),
  ascii: charactersWhere(() => true),
  blank: charactersWhere((code) => code === 0x20 || code === 0x09),
  cntrl: charactersWhere((code) => code < 0x20 || code === 0x7f),
  digit: charactersWhere(isDigit),
  graph: charactersWhere(isGraphic),
  lower: charactersWhere(isLower),
  print: charactersWhere((code) => isGraphic(code) || code === 0x20),
  punct: charactersWhere((code) => isGraphic(code) && !isDigit(code) && !isLetter(code)),
  space: charactersWhere((code) => code === 0x20 || (code >= 0x09 && code <= 0x0d)),
  upper: charactersWhere(isUpper),
  word: charactersWhere(isWordCharacter),
  xdigit: charactersWhere((code) => isDigit(code) || ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x66)),
};

/** The class of `\d`, `\D` and so on; undefined for another letter. */
export function perlClass(letter: string): CharacterSet | undefined {
  const lower = letter.toLowerCase();
  const set = Object.hasOwn(perlClasses, lower) ? perlClasses[lower] : undefined;
  return set === undefined || letter === lower ? set : inverted(set);
}

/** The class of `[:name:]` or `[:^name:]`; undefined for a name that there is not. */
export function posixClass(name: string): CharacterSet | undefined {
  const isInverted = name.startsWith('^');
  const plain = isInverted ? name.slice(1) : name;
  const set = Object.hasOwn(posixClasses, plain) ? posixClasses[plain] : undefined;
  return set === undefined || !isInverted ? set : inverted(set);
}

/** The characters of a Unicode category or script (`\p{Lu}`, `\pL`, `\p{Greek}`); undefined for a name that there is not. */
export function unicodeClass(name: string): CharacterSet | undefined {
  if (name === 'Any') return charactersWhere(() => true);
  if (!/^[A-Za-z_]{1,40}$/.test(name)) return undefined;
  const property = name.length <= 2 ? name : `Script=${name}`;
  let expression: RegExp;
  try {
    expression = new RegExp(`^\\p{${property}}$`, 'u');
  } catch {
    return undefined;
  }
  return charactersWhere((code) => expression.test(String.fromCharCode(code)));
}
