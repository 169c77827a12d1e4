import { parseRegex } from './parse.ts';
import { programOf, type Step } from './program.ts';
import { type Assertion, ALPHABET_SIZE, isWordCharacter, RegexError } from './syntax.ts';

/** A regular expression that can be held against topic names. */
export interface CompiledRegex {
  /**
   * Whether the whole name matches. Takes at most the name's length times the expression's size, mostly the name's length alone; what it
   * took beyond that is subtracted from `effort`.
   */
  matches(name: string, effort?: Effort): boolean;
}

/** How many steps of automata may still be taken: some 200,000 in 100 ms. */
export interface Effort {
  stepsLeft: number;
}

/** Longest expression that is taken. */
const LENGTH_MAX = 10_000;
/** Sets of steps that are remembered; more are worked out again. */
const STATES_MAX = 2000;
/** The code of what stands before the first character and behind the last. */
const NOTHING = -1;

/** What a set of steps is after each character, as far as it was asked. */
interface State {
  readonly steps: readonly number[];
  /** The character before: assertions depend on it. */
  readonly before: number;
  readonly after: (State | undefined)[];
  matchesAtEnd: boolean | undefined;
}

/** Prepares an expression of RE2's syntax. Throws a `RegexError` where it cannot be used. */
export function compileRegex(text: string): CompiledRegex {
  if (text.length > LENGTH_MAX) throw new RegexError(`it is longer than ${LENGTH_MAX} characters`);
  const { steps, start } = programOf(parseRegex(text));
  return new Automaton(steps, start);
}

/** Follows all ways through the expression at once, and remembers where each set of them leads. */
class Automaton implements CompiledRegex {
  readonly #steps: readonly Step[];
  readonly #start: number;
  readonly #states = new Map<string, State>();

  constructor(steps: readonly Step[], start: number) {
    this.#steps = steps;
    this.#start = start;
  }

  matches(name: string, effort: Effort = { stepsLeft: 0 }): boolean {
    let state = this.#state([this.#start], NOTHING);
    for (let index = 0; index < name.length; index++) {
      const code = name.charCodeAt(index);
      if (code >= ALPHABET_SIZE) return false;
      const after = state.after[code] ?? this.#step(state, code, effort);
      state.after[code] = after;
      if (after.steps.length === 0) return false;
      state = after;
    }
    state.matchesAtEnd ??= this.#reached(state, NOTHING).some((index) => this.#steps[index]?.type === 'match');
    return state.matchesAtEnd;
  }

  #state(steps: readonly number[], before: number): State {
    const kind = before === NOTHING ? 'n' : before === 0x0a ? 'l' : isWordCharacter(before) ? 'w' : 'o';
    const key = `${kind}${steps.join(',')}`;
    const known = this.#states.get(key);
    if (known !== undefined) return known;
    if (this.#states.size >= STATES_MAX) this.#states.clear();
    const state: State = { steps, before, after: [], matchesAtEnd: undefined };
    this.#states.set(key, state);
    return state;
  }

  #step(state: State, code: number, effort: Effort): State {
    const next = new Set<number>();
    const reached = this.#reached(state, code);
    effort.stepsLeft -= reached.length;
    for (const index of reached) {
      const step = this.#steps[index];
      if (step?.type === 'characters' && step.set[code] === 1) next.add(step.next);
    }
    return this.#state(
      [...next].sort((a, b) => a - b),
      code,
    );
  }

  /** The steps that can be come to without a character, knowing what stands before and behind. */
  #reached({ steps, before }: State, behind: number): readonly number[] {
    const seen = new Set<number>(steps);
    const reached: number[] = [...steps];
    const go = (index: number): void => {
      if (seen.has(index)) return;
      seen.add(index);
      reached.push(index);
    };
    for (const index of reached) {
      const step = this.#steps[index];
      if (step?.type === 'split') {
        go(step.next);
        go(step.other);
      } else if (step?.type === 'assertion' && holds(step.assertion, before, behind)) go(step.next);
    }
    return reached;
  }
}

function holds(assertion: Assertion, before: number, behind: number): boolean {
  switch (assertion) {
    case 'text-start':
      return before === NOTHING;
    case 'text-end':
      return behind === NOTHING;
    case 'line-start':
      return before === NOTHING || before === 0x0a;
    case 'line-end':
      return behind === NOTHING || behind === 0x0a;
    case 'word-edge':
      return isWordCharacter(before) !== isWordCharacter(behind);
    case 'no-word-edge':
      return isWordCharacter(before) === isWordCharacter(behind);
    default:
      return assertion satisfies never;
  }
}
