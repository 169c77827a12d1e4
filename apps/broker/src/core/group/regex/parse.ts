import { posixClass } from './classes.ts';
import { escapeAt } from './escapes.ts';
import { type CharacterSet, charactersWhere, emptyNode, inverted, RegexError, type RegexNode } from './syntax.ts';

/** Most repetitions that `{n,m}` may ask for, nested ones multiplied: RE2's bound. */
const REPEATS_MAX = 1000;
const DEPTH_MAX = 250;

/** What `(?i)` and its like switch. */
interface Flags {
  readonly ignoreCase: boolean;
  readonly multiLine: boolean;
  readonly dotMatchesNewline: boolean;
}

const noFlags: Flags = { ignoreCase: false, multiLine: false, dotMatchesNewline: false };

/**
 * Takes a regular expression of RE2's syntax apart, as Java users of KIP-848 write it. What RE2 leaves out (back references, looking
 * around, possessive repeats) is an error. Throws a `RegexError`.
 */
export function parseRegex(text: string): RegexNode {
  const parser = new Parser(text);
  const node = parser.choice(noFlags, 0).node;
  parser.expectEnd();
  return node;
}

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  expectEnd(): void {
    if (this.#at < this.#text.length) throw new RegexError(`unexpected ) at position ${this.#at}`);
  }

  /** Alternatives up to the end or the closing parenthesis. */
  choice(flags: Flags, depth: number): { readonly node: RegexNode } {
    if (depth > DEPTH_MAX) throw new RegexError('it is nested too deeply');
    const nodes: RegexNode[] = [];
    let current = flags;
    for (;;) {
      const { node, flags: after } = this.#sequence(current, depth);
      nodes.push(node);
      current = after;
      if (this.#text[this.#at] !== '|') break;
      this.#at++;
    }
    return { node: nodes.length === 1 ? (nodes[0] ?? emptyNode) : { type: 'choice', nodes } };
  }

  #sequence(flags: Flags, depth: number): { readonly node: RegexNode; readonly flags: Flags } {
    const nodes: RegexNode[] = [];
    let current = flags;
    while (this.#at < this.#text.length && this.#text[this.#at] !== '|' && this.#text[this.#at] !== ')') {
      const switched = this.#flagSwitch(current);
      if (switched !== undefined) {
        current = switched;
        continue;
      }
      if (this.#text.startsWith('\\Q', this.#at)) nodes.push(...this.#quoted(current));
      else nodes.push(this.#repeated(this.#atom(current, depth)));
    }
    return { node: nodes.length === 0 ? emptyNode : { type: 'sequence', nodes }, flags: current };
  }

  /** `(?i)`: it holds up to the end of its group. */
  #flagSwitch(flags: Flags): Flags | undefined {
    const found = /^\(\?([a-zA-Z-]*)\)/.exec(this.#text.slice(this.#at, this.#at + 20));
    if (found === null) return undefined;
    this.#at += found[0].length;
    return changedFlags(flags, found[1] ?? '');
  }

  /** `\Q...\E` */
  #quoted(flags: Flags): RegexNode[] {
    const end = this.#text.indexOf('\\E', this.#at + 2);
    const literal = end < 0 ? this.#text.slice(this.#at + 2) : this.#text.slice(this.#at + 2, end);
    this.#at = end < 0 ? this.#text.length : end + 2;
    const nodes = [...literal].map((each) => literalNode(each.codePointAt(0) ?? 0, flags));
    const last = nodes.pop();
    return last === undefined ? [] : [...nodes, this.#repeated(last)];
  }

  #atom(flags: Flags, depth: number): RegexNode {
    const start = this.#at;
    const code = this.#text.codePointAt(start) ?? 0;
    const letter = String.fromCodePoint(code);
    this.#at += letter.length;
    switch (letter) {
      case '(':
        return this.#group(flags, depth);
      case '[':
        return this.#bracket(flags);
      case '.':
        return { type: 'characters', set: charactersWhere((each) => flags.dotMatchesNewline || each !== 0x0a) };
      case '^':
        return { type: 'assertion', assertion: flags.multiLine ? 'line-start' : 'text-start' };
      case '$':
        return { type: 'assertion', assertion: flags.multiLine ? 'line-end' : 'text-end' };
      case '*':
      case '+':
      case '?':
        throw nothingToRepeat(letter, start);
      case '{': {
        const repeat = /^\{\d{1,5}(?:,\d{0,5})?\}/.exec(this.#text.slice(start, start + 20));
        if (repeat !== null) throw nothingToRepeat(repeat[0], start);
        return literalNode(code, flags);
      }
      case '\\':
        return this.#escape(flags);
      default:
        return literalNode(code, flags);
    }
  }

  #group(flags: Flags, depth: number): RegexNode {
    const start = this.#at;
    let inner = flags;
    if (this.#text[start] === '?') {
      const opened = /^\?(?:P?<[A-Za-z0-9_]+>|([a-zA-Z-]*):)/.exec(this.#text.slice(start, start + 200));
      if (opened === null) throw new RegexError(`a group of an unknown kind at position ${start - 1}`);
      this.#at += opened[0].length;
      if (opened[1] !== undefined) inner = changedFlags(flags, opened[1]);
    }
    const { node } = this.choice(inner, depth + 1);
    if (this.#text[this.#at] !== ')') throw new RegexError(`the group at position ${start - 1} is not closed`);
    this.#at++;
    return node;
  }

  #escape(flags: Flags): RegexNode {
    const { meaning, length } = escapeAt(this.#text, this.#at);
    this.#at += length;
    if (meaning.type === 'character') return literalNode(meaning.code, flags);
    return meaning.type === 'class' ? { type: 'characters', set: withCase(meaning.set, flags) } : meaning;
  }

  #bracket(flags: Flags): RegexNode {
    const start = this.#at - 1;
    const isInverted = this.#text[this.#at] === '^';
    if (isInverted) this.#at++;
    const set = new Uint8Array(128);
    // A bracket right behind the opening one stands for itself.
    for (let isFirst = true; isFirst || this.#text[this.#at] !== ']'; isFirst = false) {
      if (this.#at >= this.#text.length) throw new RegexError(`the [ at position ${start} is not closed`);
      this.#bracketItem(set);
    }
    this.#at++;
    const characters = withCase(set, flags);
    return { type: 'characters', set: isInverted ? inverted(characters) : characters };
  }

  #bracketItem(into: CharacterSet): void {
    const posix = /^\[:(\^?\w+):\]/.exec(this.#text.slice(this.#at, this.#at + 20));
    if (posix !== null) {
      const set = posixClass(posix[1] ?? '');
      if (set === undefined) throw new RegexError(`there is no class ${posix[0]}`);
      this.#at += posix[0].length;
      add(into, set);
      return;
    }
    const from = this.#bracketCharacter();
    if (typeof from !== 'number') {
      add(into, from);
      return;
    }
    const isRange = this.#text[this.#at] === '-' && this.#text[this.#at + 1] !== ']';
    let to: CharacterSet | number = from;
    if (isRange && this.#at + 1 < this.#text.length) {
      this.#at++;
      to = this.#bracketCharacter();
    }
    if (typeof to !== 'number' || to < from) throw new RegexError(`a range that ends before it begins, or in a class`);
    for (let code = from; code <= Math.min(to, 127); code++) into[code] = 1;
  }

  #bracketCharacter(): number | CharacterSet {
    const code = this.#text.codePointAt(this.#at) ?? 0;
    this.#at += code > 0xffff ? 2 : 1;
    if (code !== 0x5c) return code;
    const { meaning, length } = escapeAt(this.#text, this.#at);
    this.#at += length;
    if (meaning.type === 'assertion')
      throw new RegexError(`an assertion inside of [] at position ${this.#at - length - 1}`);
    return meaning.type === 'character' ? meaning.code : meaning.set;
  }

  #repeated(node: RegexNode): RegexNode {
    const found = /^(?:[*+?]|\{(\d{1,5})(?:(,)(\d{0,5}))?\})\??/.exec(this.#text.slice(this.#at, this.#at + 20));
    if (found === null) return node;
    this.#at += found[0].length;
    const next = /^(?:[*+?]|\{\d{1,5}(?:,\d{0,5})?\})/.exec(this.#text.slice(this.#at, this.#at + 20));
    if (next !== null) throw new RegexError(`${found[0]}${next[0]}: a repeat of a repeat`);
    const [, from, comma, to] = found;
    const min = from === undefined ? (found[0].startsWith('+') ? 1 : 0) : Number(from);
    const isOpen = from === undefined ? !found[0].startsWith('?') : comma !== undefined && to === '';
    const max = isOpen ? Number.POSITIVE_INFINITY : from === undefined ? 1 : Number(comma === undefined ? from : to);
    if (min > REPEATS_MAX || (max !== Number.POSITIVE_INFINITY && max > REPEATS_MAX) || max < min) {
      throw new RegexError(`${found[0]}: at most ${REPEATS_MAX} repeats, and no fewer than the least`);
    }
    return { type: 'repeat', node, min, max };
  }
}

function nothingToRepeat(repeat: string, at: number): RegexError {
  return new RegexError(`nothing to repeat before ${repeat} at position ${at}`);
}

function literalNode(code: number, flags: Flags): RegexNode {
  return {
    type: 'characters',
    set: withCase(
      charactersWhere((each) => each === code),
      flags,
    ),
  };
}

function add(into: CharacterSet, set: CharacterSet): void {
  for (let code = 0; code < set.length; code++) if (set[code] === 1) into[code] = 1;
}

/** With the other case of each letter, where case does not matter. */
function withCase(set: CharacterSet, { ignoreCase }: Flags): CharacterSet {
  if (!ignoreCase) return set;
  return charactersWhere((code) => {
    const isLetterCode = (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
    return set[code] === 1 || (isLetterCode && set[code ^ 0x20] === 1);
  });
}

function changedFlags(flags: Flags, text: string): Flags {
  let { ignoreCase, multiLine, dotMatchesNewline } = flags;
  const [on = '', off = '', ...rest] = text.split('-');
  if (rest.length > 0 || (text.includes('-') && off === '')) throw new RegexError(`(?${text}: not flags`);
  for (const [letters, value] of [
    [on, true],
    [off, false],
  ] as const) {
    for (const letter of letters) {
      if (letter === 'i') ignoreCase = value;
      else if (letter === 'm') multiLine = value;
      else if (letter === 's') dotMatchesNewline = value;
      // Whether repeats are greedy does not change what the whole matches.
      else if (letter !== 'U') throw new RegexError(`(?${text}: there is no flag ${letter}`);
    }
  }
  return { ignoreCase, multiLine, dotMatchesNewline };
}
