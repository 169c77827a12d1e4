/** Which characters, of those that topic names are made of, something matches: one flag per character code below 128. */
export type CharacterSet = Uint8Array;

/** What a position must be like; it takes up no character. */
export type Assertion = 'text-start' | 'text-end' | 'line-start' | 'line-end' | 'word-edge' | 'no-word-edge';

/** A regular expression, taken apart. */
export type RegexNode =
  | { readonly type: 'empty' }
  | { readonly type: 'characters'; readonly set: CharacterSet }
  | { readonly type: 'assertion'; readonly assertion: Assertion }
  | { readonly type: 'sequence'; readonly nodes: readonly RegexNode[] }
  | { readonly type: 'choice'; readonly nodes: readonly RegexNode[] }
  | { readonly type: 'repeat'; readonly node: RegexNode; readonly min: number; readonly max: number };

/** Character codes at and above this one occur in no topic's name. */
export const ALPHABET_SIZE = 128;

export const emptyNode: RegexNode = { type: 'empty' };

/** The characters that `accepts` takes. */
export function charactersWhere(accepts: (code: number) => boolean): CharacterSet {
  const set = new Uint8Array(ALPHABET_SIZE);
  for (let code = 0; code < ALPHABET_SIZE; code++) if (accepts(code)) set[code] = 1;
  return set;
}

/** All the others. */
export function inverted(set: CharacterSet): CharacterSet {
  return charactersWhere((code) => set[code] === 0);
}

export function isWordCharacter(code: number): boolean {
  return isDigit(code) || isLetter(code) || code === 0x5f;
}

export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

export function isLetter(code: number): boolean {
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

/** A regular expression that cannot be used. The message says what is wrong and where. */
export class RegexError extends Error {
  constructor(problem: string) {
    super(problem);
    this.name = 'RegexError';
  }
}
