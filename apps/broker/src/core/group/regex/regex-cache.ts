import { type CompiledRegex, compileRegex } from './compiled-regex.ts';
import { RegexError } from './syntax.ts';

/** Compiled expressions, the latest ones: members of a group say the same one again and again. */
export class RegexCache {
  readonly #sizeMax: number;
  readonly #compiled = new Map<string, CompiledRegex | string>();

  constructor(sizeMax = 100) {
    this.#sizeMax = sizeMax;
  }

  /** The expression; what is wrong with it where it cannot be used. */
  compile(text: string): CompiledRegex | string {
    const known = this.#compiled.get(text);
    if (known !== undefined) return known;
    const compiled = compiledOrProblem(text);
    const [oldest] = this.#compiled.keys();
    if (this.#compiled.size >= this.#sizeMax && oldest !== undefined) this.#compiled.delete(oldest);
    this.#compiled.set(text, compiled);
    return compiled;
  }
}

function compiledOrProblem(text: string): CompiledRegex | string {
  try {
    return compileRegex(text);
  } catch (error) {
    if (error instanceof RegexError) return error.message;
    throw error;
  }
}
